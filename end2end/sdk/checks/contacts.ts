// Contacts one by one: created, read, changed, listed, archived, and refused.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { invalidValue, refused, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';

export const contacts = new Checks('contacts');

/** A record id that no account has given out. */
export const NO_SUCH_ID = '999999999999';

/** Creates a contact; answers its id. */
export async function contact(session: Session, name: string, properties: Record<string, string> = {}): Promise<string> {
  const created = await session.client.crm.contacts.basicApi.create({
    properties: { email: session.email(name), ...properties },
  });
  return created.id;
}

contacts.add('a contact is created with 201, and read by id and by address', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const email = session.email('ada');
  const created = await basicApi.create({ properties: { email, firstname: 'Ada', lastname: 'Lovelace' }, associations: [] });
  assert.equal(session.last.status, 201);
  assert.match(created.id, /^\d+$/);
  assert.equal(created.archived, false);
  assert.ok(created.createdAt instanceof Date && !Number.isNaN(created.createdAt.getTime()));
  assert.ok(created.updatedAt instanceof Date && !Number.isNaN(created.updatedAt.getTime()));
  assert.equal(created.properties.hs_object_id, created.id);

  const byId = await basicApi.getById(created.id, ['email', 'firstname', 'lastname']);
  assert.equal(byId.properties.firstname, 'Ada');
  const byEmail = await basicApi.getById(email, ['lastname'], undefined, undefined, false, 'email');
  assert.equal(byEmail.id, created.id);
  assert.equal(byEmail.properties.lastname, 'Lovelace');
});

contacts.add('an answer has three properties always, null for what is asked and not set, nothing for what is not known', async (session) => {
  const id = await contact(session, 'ada');
  const { properties } = await session.client.crm.contacts.basicApi.getById(id, ['jobtitle', 'no_such_property_at_all']);
  assert.deepEqual(Object.keys(properties).sort(), ['createdate', 'hs_object_id', 'jobtitle', 'lastmodifieddate']);
  assert.equal(properties.jobtitle, null);
});

contacts.add('a contact is changed by id and by address, and an empty value clears', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada', { firstname: 'Ada', jobtitle: 'Countess' });
  const changed = await basicApi.update(id, { properties: { firstname: 'Augusta' } });
  assert.equal(session.last.status, 200);
  assert.equal(changed.id, id);
  await basicApi.update(session.email('ada'), { properties: { jobtitle: '' } }, 'email');
  const { properties } = await basicApi.getById(id, ['firstname', 'jobtitle']);
  assert.equal(properties.firstname, 'Augusta');
  assert.ok(properties.jobtitle === null || properties.jobtitle === '', 'a cleared value is empty');
});

contacts.add('addresses are the same in upper and lower case', async (session) => {
  const id = await contact(session, 'ada');
  const { basicApi } = session.client.crm.contacts;
  const found = await basicApi.getById(session.email('ADA'), ['email'], undefined, undefined, false, 'email');
  assert.equal(found.id, id);
  assert.equal(found.properties.email, session.email('ada'));
});

contacts.add('contacts are listed page by page', async (session) => {
  for (const name of ['ada', 'grace', 'joan']) {
    await contact(session, name);
  }
  const { basicApi } = session.client.crm.contacts;
  const first = await basicApi.getPage(2, undefined, ['email']);
  assert.equal(first.results.length, 2);
  const after = first.paging?.next?.after;
  assert.ok(after, 'there is a next page');
  const second = await basicApi.getPage(2, after, ['email']);
  assert.ok(second.results.length >= 1);
  const seen = new Set(first.results.map(({ id }) => id));
  assert.ok(second.results.every(({ id }) => !seen.has(id)), 'no contact stands on both pages');
});

contacts.add('a list is refused beyond a hundred', async (session) => {
  const { body } = await refusedWithEnvelope(400, session.client.crm.contacts.basicApi.getPage(101));
  assert.equal(body.category, 'VALIDATION_ERROR');
});

contacts.add('an archived contact is gone, and is found among the archived ones', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada');
  await basicApi.archive(id);
  assert.equal(session.last.status, 204);
  assert.equal(session.last.body, '');
  await refused(404, basicApi.getById(id));
  const archived = await session.eventually('the archived contact', () =>
    basicApi.getById(id, undefined, undefined, undefined, true).catch(() => undefined),
  );
  assert.equal(archived.archived, true);
  assert.ok(archived.archivedAt instanceof Date);
});

contacts.add('archiving twice, or what never was, is answered 204 as well', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada');
  await basicApi.archive(id);
  await basicApi.archive(id);
  assert.equal(session.last.status, 204);
});

contacts.add('the history of a property has its values, newest first, each with source and time', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada', { firstname: 'Ada' });
  await basicApi.update(id, { properties: { firstname: 'Augusta' } });
  const found = await basicApi.getById(id, ['firstname'], ['firstname']);
  const history = found.propertiesWithHistory?.firstname ?? [];
  assert.deepEqual(history.map(({ value }) => value), ['Augusta', 'Ada']);
  for (const { timestamp, sourceType } of history) {
    assert.ok(timestamp instanceof Date && !Number.isNaN(timestamp.getTime()));
    assert.equal(typeof sourceType, 'string');
  }
});

contacts.add('merging keeps the first, and the other id leads to it', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const kept = await contact(session, 'ada', { firstname: 'Ada' });
  const other = await contact(session, 'augusta', { jobtitle: 'Countess' });
  const merged = await basicApi.merge({ primaryObjectId: kept, objectIdToMerge: other });
  assert.equal(session.last.status, 200);
  const found = await session.eventually('the merge', () =>
    basicApi
      .getById(other, ['firstname', 'jobtitle', 'hs_additional_emails', 'hs_merged_object_ids'])
      .then((read) => (read.id === merged.id ? read : undefined))
      .catch(() => undefined),
  );
  assert.equal(found.properties.firstname, 'Ada');
  assert.equal(found.properties.jobtitle, 'Countess');
  assert.ok(found.properties.hs_additional_emails?.includes(session.email('augusta')));
  assert.ok(found.properties.hs_merged_object_ids?.includes(other));
});

contacts.add('a contact cannot be merged with itself, nor with what is not there', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada');
  await refusedWithEnvelope(400, basicApi.merge({ primaryObjectId: id, objectIdToMerge: id }));
  const { code } = await basicApi.merge({ primaryObjectId: id, objectIdToMerge: NO_SUCH_ID }).then(
    () => assert.fail('merged with nothing'),
    (error: { code: number }) => error,
  );
  assert.ok(code === 400 || code === 404, `refused with ${code}`);
});

contacts.add('a contact is deleted for good by id and by address, and an unknown address is taken as well', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const ada = await contact(session, 'ada');
  await basicApi.purge({ objectId: ada });
  assert.equal(session.last.status, 204);
  assert.equal(session.last.body, '');
  const grace = await contact(session, 'grace');
  await basicApi.purge({ objectId: session.email('grace'), idProperty: 'email' });
  await basicApi.purge({ objectId: session.email('nobody'), idProperty: 'email' });
  assert.equal(session.last.status, 204);
  for (const id of [ada, grace]) {
    await session.eventually('the deletion', () =>
      basicApi.getById(id).then(
        () => undefined,
        (error: { code: number }) => (error.code === 404 ? true : undefined),
      ),
    );
    await refused(404, basicApi.getById(id, undefined, undefined, undefined, true));
  }
});

contacts.add('401: without a good token', async (session) => {
  const stranger = session.clientWith({ accessToken: 'pat-na1-00000000-0000-0000-0000-000000000000' });
  const { body } = await refusedWithEnvelope(401, stranger.crm.contacts.basicApi.getPage(1));
  assert.equal(body.category, 'INVALID_AUTHENTICATION');
  assert.match(body.message ?? '', /^Authentication credentials not found\. This API supports OAuth 2\.0 authentication/);
});

contacts.addWith(['control'], '403: without the scope, which is named', async (session) => {
  await session.control.post('tokens', { token: 'pat-reader', scopes: ['crm.objects.contacts.read'] });
  const reader = session.clientWith({ accessToken: 'pat-reader' });
  const { results } = await reader.crm.contacts.basicApi.getPage(1);
  assert.deepEqual(results, []);
  const { body } = await refusedWithEnvelope(
    403,
    reader.crm.contacts.basicApi.create({ properties: { email: session.email('ada') } }),
  );
  assert.equal(body.category, 'MISSING_SCOPES');
  assert.match(body.message ?? '', /^This app hasn't been granted all required scopes to make this call\./);
  assert.deepEqual(body.errors, [
    {
      message: 'One or more of the following scopes are required.',
      context: { requiredGranularScopes: ['crm.objects.contacts.write'] },
    },
  ]);
  assert.deepEqual(body.links, { scopes: 'https://developers.hubspot.com/scopes' });
});

contacts.add('404: no such id, no such address', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const byId = await refusedWithEnvelope(404, basicApi.getById(NO_SUCH_ID));
  assert.equal(byId.body.message, 'resource not found');
  const email = session.email('nobody');
  await refusedWithEnvelope(404, basicApi.getById(email, undefined, undefined, undefined, false, 'email'));
  await refusedWithEnvelope(404, basicApi.update(NO_SUCH_ID, { properties: { firstname: 'Ada' } }));
  await refusedWithEnvelope(404, basicApi.update(email, { properties: { firstname: 'Ada' } }, 'email'));
});

contacts.add('404: an id that is no number', async (session) => {
  const { body } = await refusedWithEnvelope(404, session.client.crm.contacts.basicApi.getById('ada'));
  assert.equal(body.message, 'Object not found.  objectId are usually numeric.');
  assert.equal(body.category, 'OBJECT_NOT_FOUND');
  assert.deepEqual(body.context, { id: ['ada'] });
});

contacts.add('409: the address is taken, and by whom', async (session) => {
  const id = await contact(session, 'ada');
  const { basicApi } = session.client.crm.contacts;
  const { body } = await refusedWithEnvelope(409, basicApi.create({ properties: { email: session.email('Ada') } }));
  assert.equal(body.category, 'CONFLICT');
  assert.equal(/^Contact already exists\. Existing ID: (\d+)$/.exec(body.message ?? '')?.[1], id);
  // What everybody does next.
  const [, existing = ''] = /Existing ID:\s*(\d+)/.exec(body.message ?? '') ?? [];
  const changed = await basicApi.update(existing, { properties: { firstname: 'Ada' } });
  assert.equal(changed.id, id);
});

contacts.add('400: a property that is not there', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const properties = { email: session.email('ada'), no_such_property: 'x' };
  const value = invalidValue(await refusedWithEnvelope(400, basicApi.create({ properties })));
  assert.equal(value.error, 'PROPERTY_DOESNT_EXIST');
  assert.equal(value.message, 'Property "no_such_property" does not exist');
  assert.equal(value.name, 'no_such_property');
});

contacts.add('400: a property that is read only', async (session) => {
  const id = await contact(session, 'ada');
  const write = session.client.crm.contacts.basicApi.update(id, { properties: { createdate: '2026-01-01T00:00:00Z' } });
  const value = invalidValue(await refusedWithEnvelope(400, write));
  assert.equal(value.error, 'READ_ONLY_VALUE');
  assert.equal(value.name, 'createdate');
});

contacts.add('400: a choice that is none', async (session) => {
  const id = await contact(session, 'ada');
  const write = session.client.crm.contacts.basicApi.update(id, { properties: { lifecyclestage: 'no such stage' } });
  const value = invalidValue(await refusedWithEnvelope(400, write));
  assert.equal(value.error, 'INVALID_OPTION');
  assert.match(value.message, /^no such stage was not one of the allowed options: \[/);
});

contacts.add('400: an address that is none', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const value = invalidValue(await refusedWithEnvelope(400, basicApi.create({ properties: { email: 'example.lcom' } })));
  assert.equal(value.error, 'INVALID_EMAIL');
  assert.equal(value.message, 'Email address example.lcom is invalid');
});

contacts.add('a value has room for 65,536 characters, and 400 is the answer to one more', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada');
  await basicApi.update(id, { properties: { message: 'x'.repeat(65_536) } });
  const { properties } = await basicApi.getById(id, ['message']);
  assert.equal(properties.message?.length, 65_536);
  const write = basicApi.update(id, { properties: { message: 'x'.repeat(65_537) } });
  const { body } = await refusedWithEnvelope(400, write);
  assert.equal(body.category, 'VALIDATION_ERROR');
});

contacts.add('what is no JSON is refused with 400', async (session) => {
  const answer = await fetch(`${session.url}/crm/v3/objects/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${session.target.token}`, 'content-type': 'application/json' },
    body: '{"properties": ',
  });
  assert.equal(answer.status, 400);
  const { status, category, message } = (await answer.json()) as Record<string, string>;
  assert.equal(status, 'error');
  assert.equal(category, 'VALIDATION_ERROR');
  assert.match(message ?? '', /^Invalid input JSON on line \d+, column \d+/);
});
