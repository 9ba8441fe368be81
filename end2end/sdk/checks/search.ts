// Search: filters, order, pages, limits, and the index that lags.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';
import { contact } from './contacts';

export const search = new Checks('search');

type Request = Parameters<Session['client']['crm']['contacts']['searchApi']['doSearch']>[0];
type Operator = NonNullable<Request['filterGroups']>[number]['filters'][number]['operator'];

/** A filter; the operator's enumeration in the SDK is that of one area, its words are the same everywhere. */
function filter(propertyName: string, operator: string, more: { value?: string; values?: string[]; highValue?: string } = {}) {
  return { propertyName, operator: operator as Operator, ...more };
}

/** Three contacts of this run, once the index knows them; all have the same company, by which they are told from others. */
async function indexed(session: Session): Promise<{ ids: Record<string, string>; company: string }> {
  const company = `Lamps ${session.run}`;
  const ids: Record<string, string> = {};
  for (const [name, city] of [
    ['ada', 'London'],
    ['grace', 'New York'],
    ['joan', 'London'],
  ] as const) {
    ids[name] = await contact(session, name, { firstname: name, company, city });
  }
  await session.eventually('the index', async () => {
    const { total } = await find(session, [[filter('company', 'EQ', { value: company })]]);
    return total === 3 ? true : undefined;
  });
  return { ids, company };
}

async function find(session: Session, groups: ReturnType<typeof filter>[][], more: Partial<Request> = {}) {
  await session.searchTurn();
  return session.client.crm.contacts.searchApi.doSearch({
    filterGroups: groups.map((filters) => ({ filters })),
    sorts: [],
    properties: ['firstname'],
    limit: 10,
    ...more,
  });
}

search.add('every operator finds whom it should', async (session) => {
  const { company } = await indexed(session);
  const ours = filter('company', 'EQ', { value: company });
  const cases: [ReturnType<typeof filter>, string[]][] = [
    [filter('firstname', 'EQ', { value: 'ADA' }), ['ada']],
    [filter('firstname', 'NEQ', { value: 'ada' }), ['grace', 'joan']],
    [filter('firstname', 'IN', { values: ['ada', 'joan'] }), ['ada', 'joan']],
    [filter('firstname', 'NOT_IN', { values: ['ada', 'joan'] }), ['grace']],
    [filter('city', 'HAS_PROPERTY'), ['ada', 'grace', 'joan']],
    [filter('jobtitle', 'NOT_HAS_PROPERTY'), ['ada', 'grace', 'joan']],
    [filter('city', 'CONTAINS_TOKEN', { value: 'york' }), ['grace']],
    [filter('city', 'NOT_CONTAINS_TOKEN', { value: 'york' }), ['ada', 'joan']],
    [filter('createdate', 'GT', { value: '1577836800000' }), ['ada', 'grace', 'joan']],
    [filter('createdate', 'GTE', { value: '1577836800000' }), ['ada', 'grace', 'joan']],
    [filter('createdate', 'LT', { value: '1577836800000' }), []],
    [filter('createdate', 'LTE', { value: '1577836800000' }), []],
    [filter('createdate', 'BETWEEN', { value: '1577836800000', highValue: '4102444800000' }), ['ada', 'grace', 'joan']],
  ];
  for (const [asked, expected] of cases) {
    const { results } = await find(session, [[ours, asked]]);
    const names = results.map(({ properties }) => properties.firstname).sort();
    assert.deepEqual(names, expected, `${asked.propertyName} ${asked.operator}`);
  }
});

search.add('groups are alternatives, filters of one group hold together', async (session) => {
  const { company } = await indexed(session);
  const ours = filter('company', 'EQ', { value: company });
  const { results, total } = await find(session, [
    [ours, filter('firstname', 'EQ', { value: 'ada' })],
    [ours, filter('firstname', 'EQ', { value: 'grace' })],
  ]);
  assert.equal(total, 2);
  assert.deepEqual(results.map(({ properties }) => properties.firstname).sort(), ['ada', 'grace']);
});

search.add('results come in the order asked for, page by page', async (session) => {
  const { company } = await indexed(session);
  const ours = [[filter('company', 'EQ', { value: company })]];
  const sorts = [{ propertyName: 'firstname', direction: 'DESCENDING' }] as unknown as string[];
  const first = await find(session, ours, { sorts, limit: 2 });
  assert.deepEqual(first.results.map(({ properties }) => properties.firstname), ['joan', 'grace']);
  assert.equal(first.total, 3);
  const after = first.paging?.next?.after;
  assert.ok(after, 'there is a next page');
  const second = await find(session, ours, { sorts, limit: 2, after });
  assert.deepEqual(second.results.map(({ properties }) => properties.firstname), ['ada']);
  assert.equal(second.paging, undefined);
});

search.add('a query finds words in the properties that HubSpot searches', async (session) => {
  const { ids } = await indexed(session);
  await session.searchTurn();
  const { results } = await session.client.crm.contacts.searchApi.doSearch({
    filterGroups: [],
    sorts: [],
    properties: [],
    query: session.email('grace'),
    limit: 10,
  });
  assert.deepEqual(results.map(({ id }) => id), [ids.grace]);
});

search.add('an answer has no headers of the ten-second limit', async (session) => {
  await find(session, [[filter('firstname', 'EQ', { value: 'nobody at all' })]]);
  assert.equal(session.last.status, 200);
  assert.equal(session.last.headers['x-hubspot-ratelimit-interval-milliseconds'], undefined);
  assert.equal(session.last.headers['x-hubspot-ratelimit-remaining'], undefined);
});

search.add('limits: 200 results, 5 groups, 6 filters in a group, 18 in all, 3,000 characters, 10,000 results', async (session) => {
  const one = filter('firstname', 'EQ', { value: 'nobody' });
  const times = <Value>(count: number, value: Value) => Array.from({ length: count }, () => value);
  await find(session, [[one]], { limit: 200 });
  const refusals: [string, ReturnType<typeof filter>[][], Partial<Request>?][] = [
    ['201 results', [[one]], { limit: 201 }],
    ['6 groups', times(6, [one])],
    ['7 filters', [times(7, one)]],
    ['20 filters', times(4, times(5, one))],
    ['3,001 characters', [[filter('firstname', 'EQ', { value: 'x'.repeat(3_001) })]]],
    ['beyond 10,000', [[one]], { after: '10001' }],
  ];
  for (const [what, groups, more] of refusals) {
    const { body } = await refusedWithEnvelope(400, find(session, groups, more));
    assert.equal(body.category, 'VALIDATION_ERROR', what);
  }
});

search.add('an operator or a property that is not known is refused', async (session) => {
  await refusedWithEnvelope(400, find(session, [[filter('firstname', 'RHYMES_WITH', { value: 'ada' })]]));
  await refusedWithEnvelope(400, find(session, [[filter('no_such_property', 'EQ', { value: 'ada' })]]));
});

search.addWith(['control'], 'the index lags: what was just written is not found, what was just changed is found as it was', async (session) => {
  await session.control.post('search-lag', { milliseconds: 60_000 });
  const id = await contact(session, 'ada', { jobtitle: 'Countess' });
  const countesses = [[filter('jobtitle', 'EQ', { value: 'Countess' })]];
  assert.equal((await find(session, countesses)).total, 0);
  await session.control.post('clock', { advance_milliseconds: 61_000 });
  assert.equal((await find(session, countesses)).total, 1);
  await session.client.crm.contacts.basicApi.update(id, { properties: { jobtitle: 'Programmer' } });
  assert.equal((await find(session, countesses)).total, 1);
  await session.control.post('clock', { advance_milliseconds: 61_000 });
  assert.equal((await find(session, countesses)).total, 0);
});
