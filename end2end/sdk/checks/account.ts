// The account: whose it is, and how much of the day's calls is used. The SDK has no area for it, only its `apiRequest`.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';

export const account = new Checks('account');

account.add('details tell the portal and its place', async (session) => {
  const answer = await session.client.apiRequest({ path: '/account-info/v3/details' });
  assert.equal(answer.status, 200);
  const details = (await answer.json()) as Record<string, unknown>;
  assert.equal(typeof details.portalId, 'number');
  assert.equal(typeof details.timeZone, 'string');
  assert.equal(typeof details.utcOffsetMilliseconds, 'number');
  assert.equal(typeof details.uiDomain, 'string');
  assert.equal(typeof details.dataHostingLocation, 'string');
});

account.add('usage counts the calls of private apps', async (session) => {
  const usage = async () => {
    const answer = await session.client.apiRequest({ path: '/account-info/v3/api-usage/daily/private-apps' });
    assert.equal(answer.status, 200);
    const { results } = (await answer.json()) as { results: Record<string, unknown>[] };
    const [found] = results;
    assert.equal(found?.name, 'private-apps-api-calls-daily');
    assert.equal(typeof found?.usageLimit, 'number');
    return Number(found?.currentUsage);
  };
  assert.ok(Number.isInteger(await usage()));
});
