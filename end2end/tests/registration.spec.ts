// The registration form: what is wrong is said at the field, what was typed stays; with script, without, and when the program
// never arrives.
import type { Page } from '@playwright/test';

import { pageWithFrame } from '../support/host_page';
import type { Parlor } from '../support/parlor';
import { expect, test } from '../support/test';
import { somebody, untilAPersonCouldHave, Visitor } from '../support/visitor';

test.use({ server: 'registration' });

const EMPTY = 'Please fill this in.';
const NOT_AN_EMAIL = 'Please enter an e-mail address like name@example.com.';

/** Each field with its error is tied to it for those who do not see it; one without error is not marked. */
async function expectErrors(visitor: Visitor, errors: Partial<Record<'first_name' | 'last_name' | 'email', string>>) {
  for (const name of ['first_name', 'last_name', 'email'] as const) {
    const error = errors[name];
    if (error) {
      await expect(visitor.field(name)).toHaveAttribute('aria-invalid', 'true');
      await expect(visitor.field(name)).toHaveAccessibleDescription(error);
      await expect(visitor.error(name)).toBeVisible();
    } else {
      await expect(visitor.field(name)).not.toHaveAttribute('aria-invalid');
      await expect(visitor.error(name)).toBeHidden();
    }
  }
}

test('the form says at each field what is wrong, keeps what was typed, and goes on once it is right', async ({
  parlor,
  newVisitor,
}) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.fillIn({ first: '   ', last: '', email: 'ada@' });
  await visitor.submit();
  await expectErrors(visitor, { first_name: EMPTY, last_name: EMPTY, email: NOT_AN_EMAIL });
  await expect(visitor.field('first_name')).toBeFocused();
  await expect(visitor.field('email')).toHaveValue('ada@');

  await visitor.field('first_name').fill('Zoë');
  await visitor.field('last_name').fill('x'.repeat(101));
  await visitor.submit();
  await expectErrors(visitor, { last_name: 'Please use at most 100 characters.', email: NOT_AN_EMAIL });
  await expect(visitor.field('last_name')).toBeFocused();
  await expect(visitor.field('first_name')).toHaveValue('Zoë');

  await visitor.field('last_name').fill('李');
  await visitor.field('email').fill(somebody('zoe', '').email);
  await visitor.submit();
  await expect(visitor.composer).toBeFocused();
  await expect(visitor.form).toBeHidden();
});

test('the keyboard alone leads from the page through the form to the chat, and back', async ({ parlor, newVisitor }) => {
  const visitor = await newVisitor();
  const { keyboard } = visitor.page;
  await visitor.page.goto(parlor.demo);
  await visitor.launcher.focus();
  await keyboard.press('Enter');
  await visitor.untilAlive();
  await expect(visitor.launcher).toHaveAttribute('aria-expanded', 'true');
  const grace = somebody('Grace', 'Hopper');
  await keyboard.press('Tab');
  await expect(visitor.widget.getByRole('button', { name: 'Close chat' })).toBeFocused();
  for (const [name, text] of [
    ['first_name', grace.first],
    ['last_name', grace.last],
    ['email', grace.email],
  ] as const) {
    await keyboard.press('Tab');
    await expect(visitor.field(name)).toBeFocused();
    await keyboard.type(text);
  }
  await untilAPersonCouldHave(Date.now());
  await keyboard.press('Enter');
  await expect(visitor.composer).toBeFocused();
  await keyboard.type('Typed');
  await keyboard.press('Shift+Enter');
  await keyboard.type('by hand.');
  await keyboard.press('Enter');
  await expect(visitor.texts).toHaveText(['Typed\nby hand.']);
  await keyboard.press('Escape');
  await expect(visitor.launcher).toHaveAttribute('aria-expanded', 'false');
  await expect(visitor.launcher).toBeFocused();
});

test('an empty message is not sent, and one that is too long says so and stays', async ({ parlor, newVisitor }) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Jane', 'Long'));
  await visitor.write('   ');
  await expect(visitor.texts).toHaveCount(0);
  const long = 'x'.repeat(5_001);
  await visitor.write(long);
  await expect(visitor.composer).toHaveValue(long);
  await expect(visitor.composer).toHaveAccessibleDescription('Please keep a message to 5,000 characters; send the rest in another.');
  await visitor.write('x'.repeat(5_000));
  await expect(visitor.texts).toHaveText(['x'.repeat(5_000)]);
  await expect(visitor.composer).toHaveValue('');
});

/** The two ways to meet the widget without its program. */
const ways: { name: string; javaScript: boolean; prepare: (page: Page) => Promise<void> }[] = [
  { name: 'without JavaScript', javaScript: false, prepare: async () => {} },
  {
    name: 'when the program does not arrive',
    javaScript: true,
    prepare: async (page) => {
      await page.route('**/*.wasm', (route) => route.abort());
    },
  },
];

for (const { name, javaScript, prepare } of ways) {
  for (const framed of [true, false]) {
    test(`${name}, ${framed ? 'framed by another site' : 'in a window of its own'}, form and chat work as plain forms`, async ({
      parlor,
      problems,
      newContext,
      newHostPage,
      newRep,
    }) => {
      if (javaScript) {
        problems.expect(/request failed: GET .*\.wasm net::ERR_FAILED/);
        problems.allow(/Failed to (load resource|fetch)|preloaded using link preload/);
      } else {
        // Chromium preloads a program that it will not run, then refuses it or wonders.
        problems.allow(/request failed: GET .*parlor\.js csp|preloaded using link preload/);
      }
      // A refused form is answered 422, which Chromium tells its console.
      problems.allow(/status of 422 \(Unprocessable/);
      const context = await newContext({ javaScriptEnabled: javaScript });
      const page = await context.newPage();
      await prepare(page);
      const visitor = await openPlainly(page, parlor, framed ? newHostPage : null);
      const person = somebody('Plain', javaScript ? 'Late' : 'Form');
      const opened = Date.now();

      await test.step('the browser itself minds the form', async () => {
        await visitor.widget.getByRole('button', { name: 'Start the chat' }).click();
        await expect(visitor.form).toBeVisible();
        await expect(visitor.field('first_name')).toBeFocused();
      });

      await test.step('what the server refuses comes back with what was typed', async () => {
        await visitor.fillIn({ first: '   ', last: 'Kept', email: person.email });
        await visitor.widget.getByRole('button', { name: 'Start the chat' }).click();
        await expectErrors(visitor, { first_name: EMPTY });
        await expect(visitor.field('last_name')).toHaveValue('Kept');
        await expect(visitor.field('email')).toHaveValue(person.email);
      });

      await test.step('the chat follows, message by message', async () => {
        await visitor.fillIn(person);
        await untilAPersonCouldHave(Math.max(opened, Date.now()));
        await visitor.widget.getByRole('button', { name: 'Start the chat' }).click();
        await expect(visitor.composer).toBeVisible();
        await visitor.composer.fill('Does this work\nwithout you?');
        await visitor.widget.getByRole('button', { name: 'Send' }).click();
        await expect(visitor.texts).toHaveText(['Does this work\nwithout you?']);
      });

      const rep = await newRep();
      await rep.row(`${person.first} ${person.last}`).first().click();
      await expect(rep.texts).toHaveText(['Does this work\nwithout you?']);
      await rep.say('It does.');
      await visitor.widget.getByRole('link', { name: 'Check for new messages' }).click();
      await expect(visitor.texts).toHaveText(['Does this work\nwithout you?', 'It does.']);
    });
  }
}

async function openPlainly(
  page: Page,
  parlor: Parlor,
  newHostPage: ((html: () => string) => Promise<{ origin: string }>) | null,
): Promise<Visitor> {
  if (newHostPage === null) {
    await page.goto(`${parlor.origin}/widget/${await parlor.demoWidget()}`);
    return new Visitor(page, null);
  }
  let html = '';
  const host = await newHostPage(() => html);
  const key = await parlor.addWidget(`Framed ${host.origin}`, host.origin);
  html = pageWithFrame(`${parlor.origin}/widget/${key}`);
  await page.goto(host.origin);
  return new Visitor(page, 'iframe');
}
