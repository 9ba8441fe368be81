// Associations: made with a record, made later, by v3's calls and by v4's, with direction and type checked.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { type Refusal, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';
import { contact, NO_SUCH_ID } from './contacts';
import { area, type Kind, record } from './records';

export const associations = new Checks('associations');

type Spec = Parameters<Session['client']['crm']['associations']['v4']['basicApi']['create']>[4][number];

/** HubSpot's numbers for its own types, from the one to the other. */
const TYPES = {
  'notes>contacts': 202,
  'notes>companies': 190,
  'notes>deals': 214,
  'notes>tickets': 228,
  'tickets>contacts': 16,
  'contacts>tickets': 15,
  'deals>contacts': 3,
  'contacts>deals': 4,
  'contacts>companies': 279,
  'contacts>companies, primary': 1,
  'companies>contacts': 280,
} as const;

function spec(type: keyof typeof TYPES): Spec {
  return { associationCategory: 'HUBSPOT_DEFINED' as Spec['associationCategory'], associationTypeId: TYPES[type] };
}

function to(id: string, type: keyof typeof TYPES) {
  return { to: { id }, types: [spec(type)] };
}

/** The records of one kind that a contact is associated with. */
async function associated(session: Session, id: string, kind: string): Promise<{ id: string; type: string }[]> {
  const found = await session.client.crm.contacts.basicApi.getById(id, undefined, undefined, [kind]);
  return (found.associations?.[kind]?.results ?? []).map(({ id: other, type }) => ({ id: other, type }));
}

associations.add('a note is made on its contact, and the contact has it', async (session) => {
  const ada = await contact(session, 'ada');
  const note = await record(session, 'notes', {}, [to(ada, 'notes>contacts')]);
  const found = await session.eventually('the association', async () => {
    const list = await associated(session, ada, 'notes');
    return list.length > 0 ? list : undefined;
  });
  assert.deepEqual(found, [{ id: note, type: 'contact_to_note' }]);
  await associated(session, ada, 'notes');
});

associations.add('a contact is made with its company', async (session) => {
  const company = await record(session, 'companies');
  const { id } = await session.client.crm.contacts.basicApi.create({
    properties: { email: session.email('ada') },
    associations: [to(company, 'contacts>companies')],
  });
  const { results } = await session.client.crm.associations.v4.basicApi.getPage('contacts', id, 'companies');
  assert.deepEqual(results.map(({ toObjectId }) => String(toObjectId)), [company]);
});

associations.add('a type of another direction is refused with 400', async (session) => {
  const ada = await contact(session, 'ada');
  const { basicApi } = area(session, 'tickets');
  const properties = { subject: session.run, hs_pipeline: '0', hs_pipeline_stage: '1' };
  const { body } = await refusedWithEnvelope(
    400,
    basicApi.create({ properties, associations: [to(ada, 'contacts>tickets')] }),
  );
  assert.equal(body.category, 'VALIDATION_ERROR');
});

associations.add('a record that is not there is refused', async (session) => {
  const { basicApi } = area(session, 'notes');
  const properties = { hs_timestamp: '2026-11-21T08:00:00.000Z', hs_note_body: session.run };
  const failure = await basicApi.create({ properties, associations: [to(NO_SUCH_ID, 'notes>contacts')] }).then(
    () => assert.fail('a note was associated with nothing'),
    (error: { code: number }) => error,
  );
  assert.ok(failure.code === 400 || failure.code === 404, `refused with ${failure.code}`);
  assert.equal((failure as Refusal).body.status, 'error');
});

for (const kind of ['companies', 'deals', 'tickets', 'notes'] as Kind[]) {
  associations.add(`v4: ${kind} and a contact, by default, both ways, and apart again`, async (session) => {
    const { basicApi } = session.client.crm.associations.v4;
    const ada = await contact(session, 'ada');
    const other = await record(session, kind);
    const made = await basicApi.createDefault(kind, other, 'contacts', ada);
    assert.equal(session.last.status, 200);
    assert.equal(made.status, 'COMPLETE');
    const there = await basicApi.getPage(kind, other, 'contacts');
    assert.deepEqual(there.results.map(({ toObjectId }) => String(toObjectId)), [ada]);
    assert.equal(there.results[0]?.associationTypes[0]?.category, 'HUBSPOT_DEFINED');
    const back = await basicApi.getPage('contacts', ada, kind);
    assert.deepEqual(back.results.map(({ toObjectId }) => String(toObjectId)), [other]);
    await basicApi.archive(kind, other, 'contacts', ada);
    assert.equal(session.last.status, 204);
    assert.deepEqual((await basicApi.getPage(kind, other, 'contacts')).results, []);
    assert.deepEqual((await basicApi.getPage('contacts', ada, kind)).results, []);
  });
}

associations.add('v4: with a type of its own, which is told in the answer', async (session) => {
  const { basicApi } = session.client.crm.associations.v4;
  const ada = await contact(session, 'ada');
  const deal = await record(session, 'deals');
  await basicApi.create('deals', deal, 'contacts', ada, [spec('deals>contacts')]);
  assert.equal(session.last.status, 201);
  const { results } = await basicApi.getPage('deals', deal, 'contacts');
  assert.deepEqual(results[0]?.associationTypes.map(({ typeId }) => typeId), [3]);
  await refusedWithEnvelope(400, basicApi.create('deals', deal, 'contacts', ada, [spec('contacts>deals')]));
});

associations.add('v4: many at once, read and apart again', async (session) => {
  const { batchApi } = session.client.crm.associations.v4;
  const [ada, grace] = [await contact(session, 'ada'), await contact(session, 'grace')];
  const deal = await record(session, 'deals');
  const pairs = [ada, grace].map((id) => ({ _from: { id: deal }, to: { id } }));
  const made = await batchApi.create('deals', 'contacts', {
    inputs: pairs.map((pair) => ({ ...pair, types: [spec('deals>contacts')] })),
  });
  assert.equal(session.last.status, 201);
  assert.equal(made.results.length, 2);
  const read = await batchApi.getPage('deals', 'contacts', { inputs: [{ id: deal }] });
  assert.deepEqual(read.results[0]?.to.map(({ toObjectId }) => String(toObjectId)).sort(), [ada, grace].sort());
  await batchApi.archive('deals', 'contacts', { inputs: [{ _from: { id: deal }, to: [{ id: ada }, { id: grace }] }] });
  assert.equal(session.last.status, 204);
  const { results } = await session.client.crm.associations.v4.basicApi.getPage('deals', deal, 'contacts');
  assert.deepEqual(results, []);
});

associations.add('v4: many at once by default', async (session) => {
  const { basicApi, batchApi } = session.client.crm.associations.v4;
  const ada = await contact(session, 'ada');
  const ticket = await record(session, 'tickets');
  await batchApi.createDefault('tickets', 'contacts', { inputs: [{ _from: { id: ticket }, to: { id: ada } }] });
  assert.equal(session.last.status, 200);
  const { results } = await basicApi.getPage('tickets', ticket, 'contacts');
  assert.deepEqual(results.map(({ toObjectId }) => String(toObjectId)), [ada]);
});

associations.add('v3: many at once, read and apart again', async (session) => {
  const { batchApi } = session.client.crm.associations;
  const ada = await contact(session, 'ada');
  const deal = await record(session, 'deals');
  const inputs = [{ _from: { id: deal }, to: { id: ada }, type: 'deal_to_contact' }];
  const made = await batchApi.create('deals', 'contacts', { inputs });
  assert.equal(session.last.status, 201);
  assert.equal(made.results.length, 1);
  const read = await batchApi.read('deals', 'contacts', { inputs: [{ id: deal }] });
  assert.deepEqual(read.results[0]?.to.map(({ id }) => id), [ada]);
  await batchApi.archive('deals', 'contacts', { inputs });
  assert.equal(session.last.status, 204);
});

associations.add('v4: one type of several is taken away, and the pair stays associated', async (session) => {
  const { basicApi, batchApi } = session.client.crm.associations.v4;
  const ada = await contact(session, 'ada');
  const company = await record(session, 'companies');
  const both = [spec('contacts>companies'), spec('contacts>companies, primary')];
  await basicApi.create('contacts', ada, 'companies', company, both);
  const types = async () => {
    const { results } = await basicApi.getPage('contacts', ada, 'companies');
    return results.flatMap(({ associationTypes }) => associationTypes.map(({ typeId }) => typeId)).sort((a, b) => a - b);
  };
  assert.deepEqual(await types(), [1, 279]);
  await batchApi.archiveLabels('contacts', 'companies', {
    inputs: [{ _from: { id: ada }, to: { id: company }, types: [spec('contacts>companies, primary')] }],
  });
  assert.equal(session.last.status, 204);
  assert.deepEqual(await types(), [279]);
});

associations.add('v4: the types between two kinds, with their labels', async (session) => {
  const { definitionsApi } = session.client.crm.associations.v4.schema;
  const { results } = await definitionsApi.getAll('contacts', 'companies');
  assert.equal(session.last.status, 200);
  const labels = new Map(results.filter(({ category }) => String(category) === 'HUBSPOT_DEFINED').map(({ typeId, label }) => [typeId, label]));
  assert.equal(labels.get(1), 'Primary');
  assert.equal(labels.get(279), null);
  const back = await definitionsApi.getAll('companies', 'contacts');
  assert.ok(back.results.some(({ typeId }) => typeId === 280) && back.results.every(({ typeId }) => typeId !== 279));
  await refusedWithEnvelope(400, definitionsApi.getAll('no_such_kind', 'contacts'));
});

associations.add('v3: the types between two kinds, with their names', async (session) => {
  const { typesApi } = session.client.crm.associations.schema;
  const { results } = await typesApi.getAll('deals', 'contacts');
  assert.equal(session.last.status, 200);
  assert.ok(results.some(({ id, name }) => id === '3' && name === 'deal_to_contact'));
  const back = await typesApi.getAll('contacts', 'deals');
  assert.ok(back.results.some(({ id, name }) => id === '4' && name === 'contact_to_deal'));
  await refusedWithEnvelope(400, typesApi.getAll('no_such_kind', 'contacts'));
});

associations.add('v3: one pair, made, listed and apart again, by calls that the SDK has no method for', async (session) => {
  const ada = await contact(session, 'ada');
  const deal = await record(session, 'deals');
  const list = `/crm/v3/objects/deals/${deal}/associations/contacts`;
  const call = async (method: string, path: string) => (await session.client.apiRequest({ method, path })).status;
  const listed = async () => {
    assert.equal(await call('GET', list), 200);
    return (JSON.parse(session.last.body) as { results: { id: string; type: string }[] }).results;
  };
  assert.equal(await call('PUT', `${list}/${ada}/deal_to_contact`), 200);
  assert.deepEqual(await listed(), [{ id: ada, type: 'deal_to_contact' }]);
  assert.equal(await call('DELETE', `${list}/${ada}/deal_to_contact`), 204);
  assert.deepEqual(await listed(), []);
});
