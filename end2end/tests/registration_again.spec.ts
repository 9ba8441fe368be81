// The same registration sent again is one conversation: a double click, an answer that was lost, a second tab.
import type { Page, Request } from '@playwright/test';

import { expect, test } from '../support/test';
import { somebody, untilAPersonCouldHave, Visitor } from '../support/visitor';

test.use({ server: 'registration_again' });

/** Where the answer to the first registration remains. */
type Answer = 'lost' | 'still on its way';

/** Lets the first registration reach Parlor, and nothing of its answer the page. Answers a count of those that reached Parlor. */
async function keepTheFirstAnswer(page: Page, answer: Answer): Promise<() => number> {
  let delivered = 0;
  await page.route('**/register', async (route) => {
    if (delivered > 0) {
      delivered += 1;
      await route.fallback();
      return;
    }
    await deliver(route.request());
    delivered += 1;
    if (answer === 'lost') {
      await route.abort('aborted');
    }
  });
  return () => delivered;
}

/** Sends a copy of the request, as it is. */
async function deliver(request: Request): Promise<void> {
  const headers = { 'content-type': (await request.headerValue('content-type')) ?? '' };
  const body = request.postData();
  const answer = await fetch(request.url(), { method: 'POST', redirect: 'manual', headers, body });
  expect([200, 303]).toContain(answer.status);
}

test('a double click on the plain form is one conversation', async ({ parlor, problems, newContext, newRep }) => {
  // Chromium preloads a program that it will not run, then refuses it or wonders.
  problems.allow(/request failed: GET .*parlor\.js csp|preloaded using link preload/);
  // The second click takes the place of the first one's request.
  problems.expect(/request failed: POST .*\/register net::ERR_ABORTED/);
  const context = await newContext({ javaScriptEnabled: false });
  const visitor = new Visitor(await context.newPage(), null);
  const delivered = await keepTheFirstAnswer(visitor.page, 'still on its way');
  await visitor.page.goto(`${parlor.origin}/widget/${await parlor.demoWidget()}`);
  const shown = Date.now();
  await visitor.fillIn(somebody('Double', 'Click'));
  await untilAPersonCouldHave(shown);
  // By hand: Chromium makes one request of two clicks within a few milliseconds, and a locator waits for the answer between them.
  const button = await visitor.widget.getByRole('button', { name: 'Start the chat' }).boundingBox();
  const click = () => visitor.page.mouse.click((button?.x ?? 0) + 9, (button?.y ?? 0) + 9);
  await click();
  await expect.poll(delivered).toBe(1);
  await click();
  await expect(visitor.composer).toBeVisible();
  expect(delivered()).toBe(2);
  await visitor.composer.fill('Once is enough.');
  await visitor.widget.getByRole('button', { name: 'Send' }).click();
  await expect(visitor.texts).toHaveText(['Once is enough.']);

  const rep = await newRep();
  await expect(rep.row('Double Click')).toHaveCount(1);
  await rep.choose('Double Click');
  await expect(rep.texts).toHaveText(['Once is enough.']);
});

test('a second try after an answer that was lost is one conversation', async ({ parlor, problems, newVisitor, newRep }) => {
  problems.expect(/request failed: POST .*\/register net::ERR_ABORTED/);
  problems.allow(/Failed to (load resource|fetch)/);
  const visitor = await newVisitor();
  const delivered = await keepTheFirstAnswer(visitor.page, 'lost');
  await visitor.open(parlor.demo);
  await visitor.fillIn(somebody('Second', 'Try'));
  await visitor.submit();
  await expect(visitor.widget.locator('#problem')).not.toBeEmpty();
  await expect(visitor.form).toBeVisible();
  await visitor.submit();
  await expect(visitor.composer).toBeVisible();
  expect(delivered()).toBe(2);
  await visitor.say('Here I am.');

  const rep = await newRep();
  await expect(rep.row('Second Try')).toHaveCount(1);
  await rep.choose('Second Try');
  await expect(rep.texts).toHaveText(['Here I am.']);
});

test('registering in two tabs of one browser is one conversation, which goes on in both', async ({
  parlor,
  newContext,
  newRep,
}) => {
  const context = await newContext();
  const [first, second] = [new Visitor(await context.newPage()), new Visitor(await context.newPage())];
  // Both show the form before either sends it.
  await first.open(parlor.demo);
  await second.open(parlor.demo);
  const person = somebody('Two', 'Tabs');
  await first.register(person);
  await first.say('From the first tab.');
  await second.register(person);
  await expect(second.texts).toHaveText(['From the first tab.']);
  await second.say('From the second tab.');
  await expect(first.texts).toHaveText(['From the first tab.', 'From the second tab.']);

  const rep = await newRep();
  await expect(rep.row('Two Tabs')).toHaveCount(1);
  await rep.choose('Two Tabs');
  await rep.say('I see you twice.');
  for (const visitor of [first, second]) {
    await expect(visitor.message('I see you twice.')).toBeVisible();
  }
  // The second registration did not take the first tab's session away.
  await first.page.reload();
  await first.openChat();
  await expect(first.texts).toHaveText(['From the first tab.', 'From the second tab.', 'I see you twice.']);
});
