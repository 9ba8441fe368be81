// What was removed, and what becomes of it: records that a person brings back, and addresses that are not to be used again.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refused, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';
import { contact } from './contacts';
import { area, KINDS, record } from './records';

export const removal = new Checks('removal');

removal.addWith(['control'], 'an archived contact comes back as it was, with its address and what belongs to it', async (session) => {
  const { basicApi, searchApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada', { firstname: 'Ada' });
  const note = await record(session, 'notes');
  await session.client.crm.associations.v4.basicApi.createDefault('notes', note, 'contacts', id);
  await basicApi.archive(id);
  await refused(404, basicApi.getById(id));
  await refused(404, basicApi.getById(session.email('ada'), undefined, undefined, undefined, false, 'email'));

  await session.control.post(`contacts/${id}/restore`);
  const read = await basicApi.getById(id, ['email', 'firstname'], undefined, ['notes']);
  assert.equal(read.archived, false);
  assert.equal(read.archivedAt, undefined);
  assert.equal(read.properties.email, session.email('ada'));
  assert.equal(read.properties.firstname, 'Ada');
  assert.deepEqual(read.associations?.notes?.results.map((each) => each.id), [note]);
  assert.equal((await basicApi.getById(session.email('ada'), undefined, undefined, undefined, false, 'email')).id, id);
  await refused(404, basicApi.getById(id, undefined, undefined, undefined, true));
  const filters = [{ propertyName: 'email', operator: 'EQ', value: session.email('ada') }];
  const found = await searchApi.doSearch({
    filterGroups: [{ filters }],
    sorts: [],
    properties: ['email'],
    limit: 10,
  } as unknown as Parameters<typeof searchApi.doSearch>[0]);
  assert.deepEqual(found.results.map((each) => each.id), [id]);
  await basicApi.update(id, { properties: { firstname: 'Augusta' } });
  assert.equal(session.last.status, 200);
});

removal.addWith(['control'], 'an archived contact does not come back once another has its address', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const id = await contact(session, 'ada');
  await basicApi.archive(id);
  const successor = await contact(session, 'ada');
  await assert.rejects(session.control.post(`contacts/${id}/restore`), /with 409: .*Contact already exists\. Existing ID: \d+/s);
  await refused(404, basicApi.getById(id));
  assert.equal((await basicApi.getById(session.email('ada'), undefined, undefined, undefined, false, 'email')).id, successor);
});

for (const { kind, text } of KINDS) {
  removal.addWith(['control'], `${kind} come back as they were`, async (session) => {
    const { basicApi } = area(session, kind);
    const id = await record(session, kind);
    await basicApi.archive(id);
    await refused(404, basicApi.getById(id));
    await session.control.post(`objects/${kind}/${id}/restore`);
    assert.equal((await basicApi.getById(id, [text])).properties[text], `Lamps ${session.run}`);
    const { results } = await basicApi.getPage(100);
    assert.deepEqual(results.map((each) => each.id), [id]);
    await basicApi.archive(id);
    assert.equal(session.last.status, 204);
    await refused(404, basicApi.getById(id));
  });
}

/** Asks for an address to be deleted that no contact has, and one that a contact has; answers the block-list. */
async function forget(session: Session): Promise<{ blocklist: string; addresses: string[] }> {
  const { basicApi } = session.client.crm.contacts;
  await contact(session, 'ada');
  for (const name of ['ada', 'Nobody']) {
    await basicApi.purge({ objectId: session.email(name), idProperty: 'email' });
    assert.equal(session.last.status, 204);
  }
  return session.control.call('GET', 'blocklist');
}

removal.addWith(['control'], 'the block-list is kept, and by default refuses nothing', async (session) => {
  assert.deepEqual(await forget(session), { blocklist: 'ignored', addresses: [session.email('nobody')] });
  const id = await contact(session, 'nobody');
  const { basicApi } = session.client.crm.contacts;
  assert.equal((await basicApi.getById(session.email('nobody'), undefined, undefined, undefined, false, 'email')).id, id);
  await contact(session, 'ada');
  assert.equal(session.last.status, 201);
});

removal.addWith(['control'], 'the block-list refuses new contacts while it is enforced', async (session) => {
  await session.control.post('blocklist', { blocklist: 'enforced' });
  assert.deepEqual(await forget(session), { blocklist: 'enforced', addresses: [session.email('nobody')] });
  const { basicApi } = session.client.crm.contacts;
  for (const name of ['nobody', 'Nobody']) {
    const { body } = await refusedWithEnvelope(400, contact(session, name));
    assert.equal(body.category, 'VALIDATION_ERROR');
  }
  await refused(404, basicApi.getById(session.email('nobody'), undefined, undefined, undefined, false, 'email'));
  await contact(session, 'ada');
  assert.equal(session.last.status, 201, 'a contact that was deleted is not on the list');
  await session.control.post('blocklist', { blocklist: 'ignored' });
  await contact(session, 'nobody');
  assert.equal(session.last.status, 201);
});
