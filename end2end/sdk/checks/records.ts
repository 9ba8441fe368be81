// Companies, deals, tickets, notes and communications: the same calls as for contacts.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { invalidValue, refused, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';
import { NO_SUCH_ID } from './contacts';

export const records = new Checks('records');

type Values = Record<string, string>;
interface Made {
  id: string;
  properties: Record<string, string | null>;
}

/** The calls that these areas of the SDK have in common. Their types differ in nothing but their names. */
export interface Area {
  basicApi: {
    create(input: { properties: Values; associations?: unknown[] }): Promise<Made>;
    getById(id: string, properties?: string[], history?: string[], associations?: string[], archived?: boolean): Promise<Made>;
    getPage(limit?: number, after?: string, properties?: string[]): Promise<{ results: Made[]; paging?: { next?: { after: string } } }>;
    update(id: string, input: { properties: Values }): Promise<Made>;
    archive(id: string): Promise<void>;
    merge(input: { primaryObjectId: string; objectIdToMerge: string }): Promise<Made>;
  };
  batchApi: {
    create(input: { inputs: { properties: Values; associations: unknown[] }[] }): Promise<{ results: Made[] }>;
    read(input: { inputs: { id: string }[]; properties: string[]; propertiesWithHistory: string[] }): Promise<{ results: Made[] }>;
    update(input: { inputs: { id: string; properties: Values }[] }): Promise<{ results: Made[] }>;
    archive(input: { inputs: { id: string }[] }): Promise<void>;
  };
  searchApi: { doSearch(request: object): Promise<{ total: number; results: Made[] }> };
}

/** The kinds: how the SDK calls them, what a record needs, and which of its properties is a text to search for. */
export const KINDS = [
  { kind: 'companies', needed: (run: string) => ({ name: `Lamps ${run}`, domain: `${run}.example.com` }), text: 'name' },
  { kind: 'deals', needed: (run: string) => ({ dealname: `Lamps ${run}`, pipeline: 'default', dealstage: 'appointmentscheduled' }), text: 'dealname' },
  {
    kind: 'tickets',
    needed: (run: string) => ({ subject: `Lamps ${run}`, hs_pipeline: '0', hs_pipeline_stage: '1' }),
    text: 'subject',
  },
  {
    kind: 'notes',
    needed: (run: string) => ({ hs_timestamp: '2026-11-21T08:00:00.000Z', hs_note_body: `Lamps ${run}` }),
    text: 'hs_note_body',
  },
  {
    kind: 'communications',
    needed: (run: string) => ({
      hs_timestamp: '2026-11-21T08:00:00.000Z',
      hs_communication_channel_type: 'WHATS_APP',
      hs_communication_logged_from: 'CRM',
      hs_communication_body: `Lamps ${run}`,
    }),
    text: 'hs_communication_body',
  },
] as const;

export type Kind = (typeof KINDS)[number]['kind'];

export function area(session: Session, kind: Kind): Area {
  const { crm } = session.client;
  return (kind === 'notes' || kind === 'communications' ? crm.objects[kind] : crm[kind]) as unknown as Area;
}

/** Creates a record of this kind; answers its id. */
export async function record(session: Session, kind: Kind, properties: Values = {}, associations: unknown[] = []): Promise<string> {
  const needed = KINDS.find((each) => each.kind === kind)?.needed(session.run) ?? {};
  const { basicApi } = area(session, kind);
  return (await basicApi.create({ properties: { ...needed, ...properties }, associations })).id;
}

for (const { kind, needed, text } of KINDS) {
  records.add(`${kind} are created, read, changed, listed and archived`, async (session) => {
    const { basicApi } = area(session, kind);
    const created = await basicApi.create({ properties: needed(session.run), associations: [] });
    assert.equal(session.last.status, 201);
    const read = await basicApi.getById(created.id, [text]);
    assert.equal(read.properties[text], `Lamps ${session.run}`);
    await basicApi.update(created.id, { properties: { [text]: `More lamps ${session.run}` } });
    assert.equal((await basicApi.getById(created.id, [text])).properties[text], `More lamps ${session.run}`);
    const { results } = await basicApi.getPage(100, undefined, [text]);
    assert.ok(results.length >= 1);
    await basicApi.archive(created.id);
    assert.equal(session.last.status, 204);
    await refused(404, basicApi.getById(created.id));
  });

  records.add(`${kind} come in batches`, async (session) => {
    const { batchApi } = area(session, kind);
    const inputs = [1, 2].map(() => ({ properties: needed(session.run), associations: [] }));
    if (kind === 'companies') {
      inputs.forEach(({ properties }, index) => Object.assign(properties, { domain: `${index}.${session.run}.example.com` }));
    }
    const created = await batchApi.create({ inputs });
    assert.equal(session.last.status, 201);
    const ids = created.results.map(({ id }) => ({ id }));
    assert.equal(ids.length, 2);
    const read = await batchApi.read({ inputs: ids, properties: [text], propertiesWithHistory: [] });
    assert.equal(read.results.length, 2);
    await batchApi.update({ inputs: ids.map(({ id }) => ({ id, properties: { [text]: `More lamps ${session.run}` } })) });
    assert.equal(session.last.status, 200);
    await batchApi.archive({ inputs: ids });
    assert.equal(session.last.status, 204);
  });

  records.add(`${kind} are searched`, async (session) => {
    const id = await record(session, kind);
    const { searchApi } = area(session, kind);
    const filters = [{ propertyName: text, operator: 'CONTAINS_TOKEN', value: 'Lamps' }, { propertyName: 'hs_object_id', operator: 'EQ', value: id }];
    const request = { filterGroups: [{ filters }], sorts: [], properties: [text], limit: 10 };
    const found = await session.eventually('the index', async () => {
      await session.searchTurn();
      const { results } = await searchApi.doSearch(request);
      return results.length === 1 ? results[0] : undefined;
    });
    assert.equal(found.id, id);
    await session.searchTurn();
    await searchApi.doSearch(request);
  });

  records.add(`${kind} that are not there are answered 404, unknown properties 400`, async (session) => {
    const { basicApi } = area(session, kind);
    await refusedWithEnvelope(404, basicApi.getById(NO_SUCH_ID));
    const write = basicApi.create({ properties: { ...needed(session.run), no_such_property: 'x' }, associations: [] });
    assert.equal(invalidValue(await refusedWithEnvelope(400, write)).error, 'PROPERTY_DOESNT_EXIST');
  });
}

for (const { kind, text } of KINDS) {
  if (kind === 'notes' || kind === 'communications') {
    continue;
  }
  records.add(`${kind} are merged: the first is kept with what both belong to, and the other id leads to it`, async (session) => {
    const { basicApi } = area(session, kind);
    const associationsApi = session.client.crm.associations.v4.basicApi;
    const kept = await record(session, kind, kind === 'companies' ? { domain: `kept.${session.run}.example.com` } : {});
    const other = await record(session, kind, { [text]: `Other lamps ${session.run}` });
    const note = await record(session, 'notes');
    await associationsApi.createDefault('notes', note, kind, other);
    const merged = await basicApi.merge({ primaryObjectId: kept, objectIdToMerge: other });
    assert.equal(session.last.status, 200);
    const found = await session.eventually('the merge', () =>
      basicApi
        .getById(other, [text, 'hs_merged_object_ids'], undefined, ['notes'])
        .then((read) => (read.id === merged.id ? read : undefined))
        .catch(() => undefined),
    );
    assert.equal(found.properties[text], `Lamps ${session.run}`);
    assert.ok(found.properties.hs_merged_object_ids?.split(';').includes(other));
    const { results } = await associationsApi.getPage('notes', note, kind);
    assert.deepEqual(results.map(({ toObjectId }) => String(toObjectId)), [merged.id]);
  });

  records.add(`${kind} cannot be merged with themselves, nor with what is not there`, async (session) => {
    const { basicApi } = area(session, kind);
    const id = await record(session, kind);
    await refusedWithEnvelope(400, basicApi.merge({ primaryObjectId: id, objectIdToMerge: id }));
    const { code } = await basicApi.merge({ primaryObjectId: id, objectIdToMerge: NO_SUCH_ID }).then(
      () => assert.fail('merged with nothing'),
      (error: { code: number }) => error,
    );
    assert.ok(code === 400 || code === 404, `refused with ${code}`);
  });
}

records.add('a note needs its time', async (session) => {
  const { basicApi } = area(session, 'notes');
  const { body } = await refusedWithEnvelope(400, basicApi.create({ properties: { hs_note_body: session.run }, associations: [] }));
  assert.equal(body.category, 'VALIDATION_ERROR');
});

records.add('a note has room for 65,536 characters, and no more', async (session) => {
  const id = await record(session, 'notes', { hs_note_body: 'x'.repeat(65_536) });
  assert.match(id, /^\d+$/);
  const { basicApi } = area(session, 'notes');
  const properties = { hs_timestamp: '2026-11-21T08:00:00.000Z', hs_note_body: 'x'.repeat(65_537) };
  await refusedWithEnvelope(400, basicApi.create({ properties, associations: [] }));
});
