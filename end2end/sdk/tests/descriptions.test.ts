// The judge judged: what the checks would say of calls and answers that HubSpot's descriptions do not allow, and of two answers
// that differ.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { differences } from '../support/compare';
import { datedPath } from '../support/dated';
import { Descriptions, descriptionsFolder } from '../support/descriptions';
import type { Exchange } from '../support/exchange';

const TIME = '2026-11-21T08:00:00.000Z';
const CONTACT = { id: '37765128001', properties: {}, createdAt: TIME, updatedAt: TIME, archived: false };

/** A good reading of a contact, with something about it changed. */
function reading(change: Partial<Exchange> = {}): Exchange {
  return {
    method: 'GET',
    path: '/crm/v3/objects/contacts/37765128001?properties=email&archived=false',
    requestHeaders: {},
    requestBody: '',
    status: 200,
    headers: { 'content-type': 'application/json;charset=utf-8' },
    body: JSON.stringify(CONTACT),
    compared: true,
    judged: true,
    ...change,
  };
}

describe('the descriptions', () => {
  const descriptions = Descriptions.load();

  const cases: [string, Partial<Exchange>, string[]][] = [
    ['a good call', {}, []],
    ['a call that is not there', { path: '/crm/v3/objects/contacts/1/nothing' }, ['no description has this call']],
    ['a parameter that is not there', { path: '/crm/v3/objects/contacts/1?property=email' }, ["request: the query's property is not described"]],
    ['a flag that is none', { path: '/crm/v3/objects/contacts/1?archived=maybe' }, ["request: the query's archived must be boolean"]],
    ['a body where there is none', { requestBody: '{}' }, ['request: no body is described']],
    ['a status that is not there', { status: 206 }, ['answer: the status 206 is not described']],
    ['another kind of content', { headers: { 'content-type': 'text/html' } }, ['answer: the content type text/html is not described']],
    ['a field that is missing', { body: JSON.stringify({ ...CONTACT, archived: undefined }) }, ["answer: 200 body must have required property 'archived'"]],
    ['a field of another kind', { body: JSON.stringify({ ...CONTACT, id: 1 }) }, ['answer: 200 body/id must be string']],
    ['a time that is none', { body: JSON.stringify({ ...CONTACT, createdAt: 'today' }) }, ['answer: 200 body/createdAt must match format "date-time"']],
    ['a field too many', { body: JSON.stringify({ ...CONTACT, vid: 1 }) }, ['answer: 200 body has vid, which is not described']],
    ['no answer', { status: undefined }, ['answer: the connection was closed']],
  ];
  for (const [name, change, expected] of cases) {
    test(`${name}: ${expected[0] ?? 'nothing to say'}`, (context) => {
      if (!descriptions) {
        context.skip(`there are no descriptions in ${descriptionsFolder}`);
        return;
      }
      assert.deepEqual(descriptions.check(reading(change)).map(({ what }) => what), expected);
    });
  }
});

describe('two answers', () => {
  const compare = (change: Partial<Exchange>, closeness: 'exact' | 'shape') =>
    differences({ exchange: reading(), run: 'sdkrun1' }, { exchange: reading(change), run: 'sdkrun2' }, closeness);

  test('are alike in spite of ids, times and the names of runs', () => {
    const other = { ...CONTACT, id: '99', createdAt: '2027-01-01T00:00:00Z' };
    assert.deepEqual(compare({ body: JSON.stringify(other) }, 'exact'), []);
  });

  test('differ in status, headers, fields, kinds and the words of errors', () => {
    assert.deepEqual(compare({ status: 201 }, 'shape'), ['status: 200 here, 201 there']);
    assert.deepEqual(compare({ headers: {} }, 'shape'), ['header content-type: application/json;charset=utf-8 here, none there']);
    assert.deepEqual(compare({ body: JSON.stringify({ ...CONTACT, archived: 'false' }) }, 'shape'), ['body.archived: false here, "false" there']);
    assert.deepEqual(compare({ body: JSON.stringify({ ...CONTACT, url: 'x' }) }, 'shape'), ['body.url: nothing here, "x" there']);
    assert.deepEqual(compare({ body: JSON.stringify({ ...CONTACT, message: 'No' }) }, 'shape'), ['body.message: nothing here, "No" there']);
  });

  test('of the same shape may differ in values, but not when every value counts', () => {
    const other = { body: JSON.stringify({ ...CONTACT, archived: true }) };
    assert.deepEqual(compare(other, 'shape'), []);
    assert.deepEqual(compare(other, 'exact'), ['body.archived: false here, true there']);
  });
});

test('the dated paths are HubSpot’s', () => {
  const paths: [string, string | undefined][] = [
    ['/crm/v3/objects/contacts/1?archived=true', '/crm/objects/2026-09/contacts/1?archived=true'],
    ['/crm/v3/properties/contacts', '/crm/properties/2026-09/contacts'],
    ['/crm/v4/objects/notes/1/associations/contacts', '/crm/objects/2026-09/notes/1/associations/contacts'],
    ['/visitor-identification/v3/tokens/create', '/visitor-identification/2026-09/tokens/create'],
    ['/account-info/v3/details', '/account-info/2026-09/details'],
    ['/oauth/v1/token', '/oauth/2026-09/token'],
    ['/oauth/v3/token/introspect', '/oauth/2026-09/token/introspect'],
    ['/webhooks/v3/1/settings', '/app-webhooks/2026-09/1/settings'],
    ['/appinstalls/v3/external-install', '/appinstalls/2026-09/external-install'],
    ['/oauth/v1/access-tokens/abc', undefined],
    ['/oauth/v2/private-apps/get/access-token-info', undefined],
    ['/crm/v3/objects/deals/1/associations/contacts', undefined],
  ];
  for (const [path, expected] of paths) {
    assert.equal(datedPath(path, '2026-09'), expected);
  }
  assert.equal(datedPath('/webhooks/v3/1/settings', '2026-03'), '/webhooks/2026-03/1/settings');
});
