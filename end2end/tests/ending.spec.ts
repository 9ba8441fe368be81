// The end of a conversation: HubSpot learns at once what would otherwise wait for some quiet.
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'ending', settings: { PARLOR_DELIVERY: 'default' } });

test('when a rep ends a conversation, what was said last is in HubSpot at once', async ({ parlor, newVisitor, newRep }) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Erin', 'Ending'));
  await visitor.say('Hello?');
  const rep = await newRep();
  await rep.choose('Erin Ending');
  await expect(rep.delivery).toHaveText('in HubSpot up to message 1');

  await visitor.say('Thank you, that is all.');
  await expect(rep.delivery).toHaveText('in HubSpot up to message 1, more on its way');
  await rep.page.locator('.inbox-thread-head').getByRole('button', { name: 'Close' }).click();
  // Ten seconds of quiet have not passed.
  await expect(rep.delivery).toHaveText('in HubSpot up to message 2', { timeout: 5_000 });
});
