// What axe finds on every page, in both colour schemes: nothing serious, nothing critical.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test } from '../support/test';
import { somebody, Visitor } from '../support/visitor';

test.use({ server: 'accessibility' });

async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join('; ')}`);
  expect(grave, what).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the visitor’s side is accessible (${colorScheme})`, async ({ parlor, newContext, newVisitor }) => {
    const visitor = await newVisitor({ colorScheme, reducedMotion: 'reduce' });
    await visitor.page.goto(parlor.demo);
    await expectAccessible(visitor.page, 'the demo page, chat closed');
    await visitor.openChat();
    await expectAccessible(visitor.page, 'the demo page with the form');
    await visitor.submit();
    await expect(visitor.error('email')).toBeVisible();
    await expectAccessible(visitor.page, 'the form with errors');
    await visitor.register(somebody('Axe', colorScheme));
    await visitor.say('Hello, see https://example.com');
    await expectAccessible(visitor.page, 'the demo page with the chat');

    const alone = new Visitor(await (await newContext({ colorScheme })).newPage(), null);
    await alone.page.goto(`${parlor.origin}/widget/${await parlor.demoWidget()}`);
    await alone.untilAlive();
    await expectAccessible(alone.page, 'the widget in a window of its own');
  });

  test(`the rep’s side is accessible (${colorScheme})`, async ({ parlor, newContext, newVisitor, newRep }) => {
    const page = await (await newContext({ colorScheme })).newPage();
    await page.goto(`${parlor.origin}/inbox/sign-in`);
    await expectAccessible(page, 'sign-in');

    const visitor = await newVisitor();
    await visitor.open(parlor.demo);
    await visitor.register(somebody('Inbox', colorScheme));
    await visitor.say('Hello?');
    const rep = await newRep({ colorScheme });
    await expectAccessible(rep.page, 'the list');
    await rep.choose(`Inbox ${colorScheme}`);
    await rep.say('Yes, see https://example.com');
    await expect(rep.delivery).toHaveText('in HubSpot up to message 2');
    await expectAccessible(rep.page, 'a thread with its card');
    await rep.heading.focus();
    await rep.page.keyboard.press('?');
    await expectAccessible(rep.page, 'the help');
    await rep.page.keyboard.press('Escape');
    await rep.page.goto(`${parlor.origin}/inbox/password`);
    await expectAccessible(rep.page, 'one’s password');
    await rep.page.goto(`${parlor.origin}/inbox/settings`);
    await rep.page.getByText('Change it').first().click();
    await expectAccessible(rep.page, 'the settings');
  });
}
