// Properties and their groups.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refused, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';

export const properties = new Checks('properties');

type NewProperty = Parameters<Session['client']['crm']['properties']['coreApi']['create']>[1];

/** A text of many lines, as Parlor defines its own. The enumerations' words are the same in every version of the SDK. */
function textarea(name: string, more: Record<string, unknown> = {}): NewProperty {
  const property = { name, label: 'Chat transcript', groupName: 'contactinformation', type: 'string', fieldType: 'textarea' };
  return { ...property, ...more } as unknown as NewProperty;
}

properties.add('all contact properties are listed, HubSpot’s own among them', async (session) => {
  const { results } = await session.client.crm.properties.coreApi.getAll('contacts');
  const email = results.find(({ name }) => name === 'email');
  assert.equal(email?.type, 'string');
  assert.equal(email?.hubspotDefined, true);
  assert.equal(email?.groupName, 'contactinformation');
  assert.equal(results.find(({ name }) => name === 'createdate')?.modificationMetadata?.readOnlyValue, true);
});

properties.add('one is created with 201, read, changed, used and archived', async (session) => {
  const { coreApi } = session.client.crm.properties;
  const name = session.propertyName('transcript');
  const created = await coreApi.create('contacts', textarea(name));
  assert.equal(session.last.status, 201);
  assert.equal(created.name, name);
  assert.equal((await coreApi.getByName('contacts', name)).fieldType, 'textarea');
  const changed = await coreApi.update('contacts', name, { label: 'What was said' } as never);
  assert.equal(changed.label, 'What was said');
  const { basicApi } = session.client.crm.contacts;
  const { id } = await basicApi.create({ properties: { email: session.email('ada'), [name]: 'One\nTwo' } });
  assert.equal((await basicApi.getById(id, [name])).properties[name], 'One\nTwo');
  await coreApi.archive('contacts', name);
  assert.equal(session.last.status, 204);
  await refused(404, coreApi.getByName('contacts', name));
});

properties.add('409: the name is taken', async (session) => {
  const { coreApi } = session.client.crm.properties;
  const name = session.propertyName('taken');
  await coreApi.create('contacts', textarea(name));
  const { body } = await refusedWithEnvelope(409, coreApi.create('contacts', textarea(name)));
  assert.equal(body.category, 'OBJECT_ALREADY_EXISTS');
});

properties.add('404: no such property', async (session) => {
  const { body } = await refusedWithEnvelope(404, session.client.crm.properties.coreApi.getByName('contacts', 'no_such_property'));
  assert.equal(body.category, 'OBJECT_NOT_FOUND');
});

properties.add('400: a group that is not there, a name that is none', async (session) => {
  const { coreApi } = session.client.crm.properties;
  const groupless = textarea(session.propertyName('lost'), { groupName: 'no_such_group' });
  await refusedWithEnvelope(400, coreApi.create('contacts', groupless));
  await refusedWithEnvelope(400, coreApi.create('contacts', textarea('Not A Name')));
});

properties.add('several are created, read and archived at once', async (session) => {
  const { batchApi, coreApi } = session.client.crm.properties;
  const names = ['one', 'two'].map((name) => session.propertyName(name));
  const made = await batchApi.create('contacts', { inputs: names.map((name) => textarea(name)) } as never);
  assert.equal(session.last.status, 201);
  assert.equal(made.results.length, 2);
  const inputs = names.map((name) => ({ name }));
  const read = await batchApi.read('contacts', { inputs, archived: false } as never);
  assert.deepEqual(read.results.map(({ name }) => name).sort(), [...names].sort());
  await batchApi.archive('contacts', { inputs });
  assert.equal(session.last.status, 204);
  for (const name of names) {
    await refused(404, coreApi.getByName('contacts', name));
  }
});

properties.add('an enumeration takes its own options only', async (session) => {
  const { coreApi } = session.client.crm.properties;
  const name = session.propertyName('colour');
  const options = ['red', 'blue'].map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false }));
  await coreApi.create('contacts', textarea(name, { type: 'enumeration', fieldType: 'select', options }));
  const { basicApi } = session.client.crm.contacts;
  const { id } = await basicApi.create({ properties: { email: session.email('ada'), [name]: 'red' } });
  await refusedWithEnvelope(400, basicApi.update(id, { properties: { [name]: 'green' } }));
});

properties.add('a group is created with 201, read, listed, changed and archived', async (session) => {
  const { groupsApi } = session.client.crm.properties;
  const name = session.propertyName('group');
  const created = await groupsApi.create('contacts', { name, label: 'Chat', displayOrder: -1 });
  assert.equal(session.last.status, 201);
  assert.equal(created.name, name);
  assert.equal((await groupsApi.getByName('contacts', name)).label, 'Chat');
  assert.ok((await groupsApi.getAll('contacts')).results.some((group) => group.name === name));
  assert.equal((await groupsApi.update('contacts', name, { label: 'Chats' })).label, 'Chats');
  await refusedWithEnvelope(409, groupsApi.create('contacts', { name, label: 'Chat', displayOrder: -1 }));
  await groupsApi.archive('contacts', name);
  assert.equal(session.last.status, 204);
  await refused(404, groupsApi.getByName('contacts', name));
});

for (const kind of ['companies', 'deals', 'tickets', 'notes']) {
  properties.add(`${kind} have properties of their own`, async (session) => {
    const { results } = await session.client.crm.properties.coreApi.getAll(kind);
    assert.ok(results.some(({ name }) => name === 'hs_object_id'));
    assert.ok(!results.some(({ name }) => name === 'lifecyclestage_of_nobody'));
  });
}
