// Contacts by the hundred: read, create, update, upsert and archive, and what happens when one of many fails.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refusedWithEnvelope } from '../support/refusal';
import { contact, NO_SUCH_ID } from './contacts';

export const batches = new Checks('batches');

/** What the types of some answers leave out: the failures, which come with 207. */
interface WithErrors {
  numErrors?: number;
  errors?: { status: string; category: string; message: string; context: Record<string, string[]> }[];
}

batches.add('contacts are created together with 201', async (session) => {
  const inputs = ['ada', 'grace'].map((name) => ({ properties: { email: session.email(name) }, associations: [] }));
  const answer = await session.client.crm.contacts.batchApi.create({ inputs });
  assert.equal(session.last.status, 201);
  assert.equal(answer.status, 'COMPLETE');
  assert.equal(answer.results.length, 2);
  assert.ok(answer.startedAt instanceof Date && answer.completedAt instanceof Date);
});

batches.add('they are read together by id and by address, and 207 tells which are missing', async (session) => {
  const { batchApi } = session.client.crm.contacts;
  const ada = await contact(session, 'ada', { firstname: 'Ada' });
  const grace = await contact(session, 'grace');
  const read = { properties: ['firstname'], propertiesWithHistory: [] };
  const all = await batchApi.read({ ...read, inputs: [{ id: ada }, { id: grace }] });
  assert.equal(session.last.status, 200);
  assert.deepEqual(all.results.map(({ id }) => id).sort(), [ada, grace].sort());

  const inputs = [{ id: session.email('ada') }, { id: session.email('nobody') }];
  const some = (await batchApi.read({ ...read, inputs, idProperty: 'email' })) as { results: { id: string }[] } & WithErrors;
  assert.equal(session.last.status, 207);
  assert.deepEqual(some.results.map(({ id }) => id), [ada]);
  assert.equal(some.numErrors, 1);
  const [error] = some.errors ?? [];
  assert.equal(error?.status, 'error');
  assert.equal(error?.category, 'OBJECT_NOT_FOUND');
  assert.deepEqual(error?.context, { ids: [session.email('nobody')] });
});

batches.add('history is read together too', async (session) => {
  const ada = await contact(session, 'ada', { firstname: 'Ada' });
  const { batchApi } = session.client.crm.contacts;
  const { results } = await batchApi.read({ inputs: [{ id: ada }], properties: [], propertiesWithHistory: ['firstname'] });
  assert.deepEqual(results[0]?.propertiesWithHistory?.firstname?.map(({ value }) => value), ['Ada']);
});

batches.add('they are updated together with 200', async (session) => {
  const ids = [await contact(session, 'ada'), await contact(session, 'grace')];
  const { batchApi } = session.client.crm.contacts;
  const { results } = await batchApi.update({ inputs: ids.map((id) => ({ id, properties: { jobtitle: 'Pioneer' } })) });
  assert.equal(session.last.status, 200);
  assert.deepEqual(results.map(({ id }) => id).sort(), [...ids].sort());
});

batches.add('contacts are updated by record id only', async (session) => {
  await contact(session, 'ada');
  const inputs = [{ id: session.email('ada'), idProperty: 'email', properties: { jobtitle: 'Countess' } }];
  const { body } = await refusedWithEnvelope(400, session.client.crm.contacts.batchApi.update({ inputs }));
  assert.match(body.message ?? '', /Unable to perform update\/upsert by non-unique 0-1 property/);
});

batches.add('an upsert updates who is there, creates who is not, and says which', async (session) => {
  const ada = await contact(session, 'ada');
  const { batchApi } = session.client.crm.contacts;
  const inputs = ['ada', 'grace'].map((name) => ({
    id: session.email(name),
    idProperty: 'email',
    objectWriteTraceId: name,
    properties: { firstname: name },
  }));
  const { results, status } = await batchApi.upsert({ inputs });
  assert.equal(session.last.status, 200);
  assert.equal(status, 'COMPLETE');
  const isNew = new Map(results.map((result) => [result.objectWriteTraceId, result]));
  assert.equal(isNew.get('ada')?._new, false);
  assert.equal(isNew.get('ada')?.id, ada);
  assert.equal(isNew.get('grace')?._new, true);
});

batches.add('an upsert by address is done for all or for none', async (session) => {
  const { basicApi, batchApi } = session.client.crm.contacts;
  const inputs = ['ada', 'grace'].map((name, index) => ({
    id: session.email(name),
    idProperty: 'email',
    objectWriteTraceId: name,
    properties: { [index === 0 ? 'firstname' : 'no_such_property']: name },
  }));
  await refusedWithEnvelope(400, batchApi.upsert({ inputs }));
  await refusedWithEnvelope(404, basicApi.getById(session.email('ada'), undefined, undefined, undefined, false, 'email'));
});

batches.add('they are archived together with 204', async (session) => {
  const ids = [await contact(session, 'ada'), await contact(session, 'grace')];
  const { basicApi, batchApi } = session.client.crm.contacts;
  await batchApi.archive({ inputs: ids.map((id) => ({ id })) });
  assert.equal(session.last.status, 204);
  assert.equal(session.last.body, '');
  for (const id of ids) {
    await refusedWithEnvelope(404, basicApi.getById(id));
  }
});

batches.add('with a trace id for each, those that can be written are, and 207 names the others', async (session) => {
  const { batchApi } = session.client.crm.contacts;
  const inputs = [
    { properties: { email: session.email('ada') }, associations: [], objectWriteTraceId: 'first' },
    { properties: { email: 'no address' }, associations: [], objectWriteTraceId: 'second' },
  ];
  const created = (await batchApi.create({ inputs })) as { results: { objectWriteTraceId?: string; id: string }[] } & WithErrors;
  assert.equal(session.last.status, 207);
  assert.deepEqual(created.results.map(({ objectWriteTraceId }) => objectWriteTraceId), ['first']);
  assert.equal(created.numErrors, 1);
  const [error] = created.errors ?? [];
  assert.equal(error?.category, 'VALIDATION_ERROR');
  assert.deepEqual(error?.context.objectWriteTraceId, ['second']);

  const ada = created.results[0]?.id ?? '';
  const updated = (await batchApi.update({
    inputs: [
      { id: ada, properties: { jobtitle: 'Countess' }, objectWriteTraceId: 'first' },
      { id: NO_SUCH_ID, properties: { jobtitle: 'Nobody' }, objectWriteTraceId: 'second' },
    ],
  })) as { results: unknown[] } & WithErrors;
  assert.equal(session.last.status, 207);
  assert.equal(updated.results.length, 1);
  assert.equal(updated.numErrors, 1);
  assert.deepEqual(updated.errors?.[0]?.context.objectWriteTraceId, ['second']);
});

batches.add('without trace ids the first failure is that of the whole, and nothing is written', async (session) => {
  const { basicApi, batchApi } = session.client.crm.contacts;
  const ada = await contact(session, 'ada');
  const inputs = ['grace', 'ada'].map((name) => ({ properties: { email: session.email(name) }, associations: [] }));
  const { body } = await refusedWithEnvelope(409, batchApi.create({ inputs }));
  assert.equal(body.category, 'CONFLICT');
  assert.ok(body.message?.includes(ada), 'the message names the contact');
  await refusedWithEnvelope(404, basicApi.getById(session.email('grace'), undefined, undefined, undefined, false, 'email'));
});

batches.add('more than a hundred are refused with 400', async (session) => {
  const { batchApi } = session.client.crm.contacts;
  const many = Array.from({ length: 101 }, (_, index) => index);
  const contacts = many.map((index) => ({ properties: { email: session.email(`n${index}`) }, associations: [] }));
  const ids = many.map((index) => ({ id: String(1_000_000 + index) }));
  const calls = [
    () => batchApi.create({ inputs: contacts }),
    () => batchApi.read({ inputs: ids, properties: [], propertiesWithHistory: [] }),
    () => batchApi.update({ inputs: ids.map(({ id }) => ({ id, properties: {} })) }),
    () => batchApi.archive({ inputs: ids }),
  ];
  for (const call of calls) {
    const { body } = await refusedWithEnvelope(400, call());
    assert.equal(body.category, 'VALIDATION_ERROR');
  }
});
