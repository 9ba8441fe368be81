// Limits: the headers that tell them, the 429 that enforces them, and the SDK's own patience with it.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refusedWithEnvelope } from '../support/refusal';

export const limits = new Checks('limits');

limits.add('an answer tells what is left of ten seconds and of the day', async (session) => {
  await session.client.crm.contacts.basicApi.getPage(1);
  const { headers } = session.last;
  assert.equal(headers['x-hubspot-ratelimit-interval-milliseconds'], '10000');
  for (const name of ['max', 'remaining', 'daily', 'daily-remaining']) {
    assert.match(headers[`x-hubspot-ratelimit-${name}`] ?? '', /^\d+$/, name);
  }
});

limits.addWith(['control'], '429: beyond the ten-second limit', async (session) => {
  await session.control.post('limits', { ten_seconds: 2 });
  const { basicApi } = session.client.crm.contacts;
  await basicApi.getPage(1);
  await basicApi.getPage(1);
  const { body, headers } = await refusedWithEnvelope(429, basicApi.getPage(1));
  assert.equal(body.message, 'You have reached your ten_secondly_rolling limit.');
  assert.equal(body.policyName, 'TEN_SECONDLY_ROLLING');
  assert.equal(body.errorType, 'RATE_LIMIT');
  assert.equal(headers['retry-after'], undefined);
});

limits.addWith(['control'], 'the SDK waits its ten seconds after a 429, once, and gets through', async (session) => {
  await session.control.post('limits', { ten_seconds: 1 });
  const { basicApi } = session.clientWith({ numberOfApiCallRetries: 2 }).crm.contacts;
  await basicApi.getPage(1);
  const [before, since] = [session.calls, Date.now()];
  const { results } = await basicApi.getPage(1);
  assert.deepEqual(results, []);
  assert.equal(session.calls - before, 2, 'refused once, answered once');
  const waited = Date.now() - since;
  assert.ok(waited >= 9_900 && waited < 15_000, `waited ${waited} ms`);
});

limits.addWith(['control'], '429: beyond the daily limit, which the SDK does not sit out', async (session) => {
  await session.control.post('limits', { daily: 1 });
  const { basicApi } = session.clientWith({ numberOfApiCallRetries: 3 }).crm.contacts;
  await basicApi.getPage(1);
  const before = session.calls;
  const { body } = await refusedWithEnvelope(429, basicApi.getPage(1));
  assert.equal(session.calls - before, 1, 'one call, no other');
  assert.equal(body.message, 'You have reached your daily limit.');
  assert.equal(body.policyName, 'DAILY');
});

limits.addWith(['control'], '429: beyond five searches a second, after which the SDK waits a second', async (session) => {
  const request = { filterGroups: [], sorts: [], properties: [], limit: 1 };
  await session.searchTurn();
  const hasty = session.client.crm.contacts.searchApi;
  const patient = session.clientWith({ numberOfApiCallRetries: 3 }).crm.contacts.searchApi;
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => hasty.doSearch(request)));
  const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refusals.length, 1, 'five are answered, the sixth is refused');
  const { body } = await refusedWithEnvelope(429, Promise.reject(refusals[0]?.reason));
  assert.equal(body.message, 'You have reached your secondly limit.');
  const [before, since] = [session.calls, Date.now()];
  await patient.doSearch(request);
  assert.equal(session.calls - before, 2, 'refused once, answered once');
  assert.ok(Date.now() - since >= 990);
});

limits.addWith(['control'], 'searches use up nothing of the ten seconds', async (session) => {
  await session.control.post('limits', { ten_seconds: 1 });
  const { basicApi, searchApi } = session.client.crm.contacts;
  await searchApi.doSearch({ filterGroups: [], sorts: [], properties: [], limit: 1 });
  await searchApi.doSearch({ filterGroups: [], sorts: [], properties: [], limit: 1 });
  await basicApi.getPage(1);
});
