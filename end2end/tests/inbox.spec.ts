// The inbox as a rep uses it all day.
import { PlainVisitor } from '../support/plain_visitor';
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'inbox' });

test('what is not read is bold, counted on its line and in the title, for each rep alone', async ({ parlor, newRep, signedIn }) => {
  const rep = await newRep();
  await expect(rep.page).toHaveTitle('Parlor inbox');
  await expect(rep.page.getByText('No open conversations. New ones appear here by themselves.')).toBeVisible();
  const visitor = await PlainVisitor.register(parlor, somebody('Ada', 'Unread'));
  const row = rep.row('Ada Unread');
  await expect(row).toBeVisible();
  await expect(rep.page.getByText('New conversation: Ada Unread')).toBeAttached();
  await expect(rep.page).toHaveTitle('Parlor inbox');
  await visitor.say('one');
  await visitor.say('two');
  await expect(rep.page).toHaveTitle('(1) Parlor inbox');
  await expect(row.locator('.inbox-row-unread')).toHaveText('2 not read');
  const bold = { name: row.locator('.inbox-row-name'), weight: /^[6-9]00$|^[6-9]50$/ };
  await expect(bold.name).toHaveCSS('font-weight', bold.weight);

  await rep.choose('Ada Unread');
  await expect(row.locator('.inbox-row-unread')).toHaveCount(0);
  await expect(rep.page).toHaveTitle('Parlor inbox');
  await expect(bold.name).not.toHaveCSS('font-weight', bold.weight);

  await test.step('a colleague has marks of their own', async () => {
    const colleague = await signedIn(await parlor.addRep('Colleague'));
    await expect(colleague.page).toHaveTitle('(1) Parlor inbox');
    await expect(colleague.row('Ada Unread').locator('.inbox-row-unread')).toHaveText('2 not read');
  });

  await test.step('the marks survive a reload', async () => {
    await rep.open();
    await expect(rep.page).toHaveTitle('Parlor inbox');
    await visitor.say('three');
    await expect(row.locator('.inbox-row-unread')).toHaveText('1 not read');
    await rep.page.reload();
    await expect(rep.page).toHaveTitle('(1) Parlor inbox');
    await rep.choose('Ada Unread');
    await expect(rep.page).toHaveTitle('Parlor inbox');
  });
});

test('j, k and Enter lead through the list, Escape back, and letters stay letters in a field', async ({ parlor, newRep }) => {
  for (const last of ['Third', 'Second', 'First']) {
    const visitor = await PlainVisitor.register(parlor, somebody('Key', last));
    await visitor.say(`I am ${last}.`);
  }
  const rep = await newRep();
  const { keyboard } = rep.page;
  await expect(rep.rows.locator('.inbox-row-name')).toContainText(['Key First', 'Key Second', 'Key Third']);
  await keyboard.press('j');
  await expect(rep.row('Key First')).toBeFocused();
  await keyboard.press('j');
  await keyboard.press('j');
  await expect(rep.row('Key Third')).toBeFocused();
  await keyboard.press('k');
  await expect(rep.row('Key Second')).toBeFocused();
  await keyboard.press('Enter');
  await expect(rep.heading).toHaveText('Key Second');
  await expect(rep.composer).toBeFocused();
  await expect(rep.row('Key Second')).toHaveAttribute('aria-current', 'page');
  await keyboard.type('jkre?');
  await expect(rep.composer).toHaveValue('jkre?');
  await keyboard.press('Escape');
  await expect(rep.row('Key Second')).toBeFocused();

  await test.step('a draft stays with its conversation', async () => {
    await rep.choose('Key First');
    await expect(rep.composer).toHaveValue('');
    await rep.page.goBack();
    await expect(rep.heading).toHaveText('Key Second');
    await expect(rep.composer).toHaveValue('jkre?');
  });

  await test.step('Escape leaves the thread', async () => {
    await rep.composer.press('Escape');
    await keyboard.press('Escape');
    await expect(rep.page).toHaveURL(/\/inbox$/);
    await expect(rep.heading).toHaveCount(0);
  });

  await test.step('/ filters, ? tells the keys', async () => {
    await keyboard.press('/');
    await keyboard.type('key third');
    await expect(rep.rows).toHaveCount(1);
    await keyboard.press('Escape');
    await expect(rep.row('Key First')).toBeVisible();
    await keyboard.press('?');
    await expect(rep.page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await keyboard.press('Escape');
    await expect(rep.page.getByRole('dialog', { name: 'Keys' })).toBeHidden();
  });
});

test('a conversation that is closed says so to the visitor, and opens when they write again', async ({ parlor, newVisitor, newRep }) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Clara', 'Closed'));
  await visitor.say('That is all, thank you.');
  const rep = await newRep();
  await rep.choose('Clara Closed');
  const head = rep.page.locator('.inbox-thread-head');
  const note = visitor.widget.getByText('This chat was closed. Write again to open it.');
  await rep.heading.focus();
  await rep.page.keyboard.press('e');
  await expect(head.getByText('closed', { exact: true })).toBeVisible();
  await expect(note).toBeVisible();
  await expect(rep.row('Clara Closed')).toHaveCount(0);
  await rep.page.getByRole('button', { name: 'Closed', exact: true }).click();
  await expect(rep.row('Clara Closed')).toBeVisible();

  await head.getByRole('button', { name: 'Reopen' }).click();
  await expect(note).toBeHidden();
  await head.getByRole('button', { name: 'Close' }).click();
  await expect(note).toBeVisible();
  await visitor.say('One more thing.');
  await expect(head.getByText('open', { exact: true })).toBeVisible();
  await expect(note).toBeHidden();
  await rep.page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(rep.row('Clara Closed')).toContainText('One more thing.');
});

test('a registration that looks automated is kept from HubSpot until a rep releases it with r', async ({
  parlor,
  newVisitor,
  newRep,
}) => {
  const bot = somebody('Holly', 'Held');
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.widget.locator('#website').evaluate((trap: HTMLInputElement) => {
    trap.value = 'https://spam.example';
  });
  await visitor.register(bot);
  await visitor.say('I am a person, really.');
  const rep = await newRep();
  await expect(rep.row('Holly Held')).toContainText('held');
  await rep.choose('Holly Held');
  await expect(rep.page.getByText('This registration looked automated, so it is kept from HubSpot.')).toBeVisible();
  await expect(rep.delivery).toHaveText('held back from HubSpot until released');
  await rep.say('We believe you.');
  await expect(visitor.texts.last()).toHaveText('We believe you.');

  await test.step('somebody else’s later message is delivered, this one is not', async () => {
    const other = somebody('Otto', 'Other');
    await (await PlainVisitor.register(parlor, other)).say('I come later.');
    await expect.poll(() => parlor.transcript(other.email)).toContain('I come later.');
    expect(await parlor.contact(bot.email)).toBeUndefined();
  });

  await rep.heading.focus();
  await rep.page.keyboard.press('r');
  await expect(rep.page.getByText('This registration looked automated')).toBeHidden();
  await expect(rep.row('Holly Held')).not.toContainText('held');
  await expect(rep.delivery).toHaveText('in HubSpot up to message 2');
  expect(await parlor.transcript(bot.email)).toContain('We believe you.');
});

test('each side sees who is typing on the other, and a colleague sees both', async ({ parlor, newVisitor, newRep, signedIn }) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Tyra', 'Types'));
  await visitor.say('Hello?');
  const rep = await newRep();
  await rep.choose('Tyra Types');
  const colleague = await signedIn(await parlor.addRep('Pat'));
  await colleague.choose('Tyra Types');
  const typing = rep.page.locator('.messages-typing');

  await visitor.composer.pressSequentially('I wonder');
  await expect(typing).toHaveText('Tyra Types is typing…');
  await visitor.composer.press('Enter');
  await expect(typing).toBeEmpty();

  await rep.composer.pressSequentially('So do we');
  await expect(visitor.widget.locator('.messages-typing')).toHaveText('Robin (demo) is typing…');
  await expect(colleague.page.locator('.messages-typing')).toHaveText('Robin (demo) is typing…');
  await rep.composer.press('Enter');
  await expect(visitor.widget.locator('.messages-typing')).toBeEmpty();
  await expect(colleague.texts.last()).toHaveText('So do we');
});

test('desktop notifications come on request, while the window is hidden, and lead to the conversation', async ({ parlor, newRep }) => {
  const rep = await newRep();
  const { page } = rep;
  await page.addInitScript(() => {
    const shown: { title: string; body: string; onclick: (() => void) | null }[] = [];
    class Stub {
      static permission = 'default';
      onclick: (() => void) | null = null;
      readonly body: string;
      constructor(
        readonly title: string,
        options: { body: string },
      ) {
        this.body = options.body;
        shown.push(this);
      }
      static async requestPermission() {
        Stub.permission = (window as unknown as { answer: string }).answer;
        return Stub.permission;
      }
      close() {}
    }
    const state = { hidden: false };
    Object.assign(window, { Notification: Stub, shown, state, answer: 'denied' });
    Object.defineProperty(document, 'hidden', { get: () => state.hidden });
  });
  await page.reload();
  await rep.untilAlive();
  const tool = page.getByRole('button', { name: 'Notifications' });
  await expect(tool).toHaveAttribute('aria-pressed', 'false');

  await test.step('a browser that refuses is told of', async () => {
    await tool.click();
    await expect(tool).toHaveAttribute('aria-pressed', 'false');
    await expect(page.getByRole('alert')).toContainText('This browser does not allow notifications here');
  });

  await page.evaluate(() => Object.assign(window, { answer: 'granted' }));
  await tool.click();
  await expect(tool).toHaveAttribute('aria-pressed', 'true');
  const visitor = await PlainVisitor.register(parlor, somebody('Nora', 'Notify'));
  await expect(rep.row('Nora Notify')).toBeVisible();
  await visitor.say('While you look.');
  await expect(rep.row('Nora Notify')).toContainText('While you look.');
  const shown = () =>
    page.evaluate(() => {
      const { shown } = window as unknown as { shown: { title: string; body: string }[] };
      return shown.map(({ title, body }) => ({ title, body }));
    });
  expect(await shown()).toEqual([]);

  await page.evaluate(() => {
    (window as unknown as { state: { hidden: boolean } }).state.hidden = true;
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await visitor.say('While you are away.');
  await expect.poll(shown).toEqual([{ title: 'Nora Notify', body: 'While you are away.' }]);
  await page.evaluate(() => (window as unknown as { shown: { onclick: () => void }[] }).shown[0].onclick());
  await expect(rep.heading).toHaveText('Nora Notify');
});

test('the ring is a choice that this browser remembers', async ({ newRep }) => {
  const rep = await newRep();
  const ring = rep.page.getByRole('button', { name: 'Ring' });
  await ring.click();
  await expect(ring).toHaveAttribute('aria-pressed', 'true');
  await rep.page.reload();
  await rep.untilAlive();
  await expect(ring).toHaveAttribute('aria-pressed', 'true');
  await ring.click();
  await rep.page.reload();
  await rep.untilAlive();
  await expect(ring).toHaveAttribute('aria-pressed', 'false');
});
