// Faults: what the SDK makes of a HubSpot that fails.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refused } from '../support/refusal';

export const faults = new Checks('faults');

const LIST = { method: 'GET', path: '/contacts' };

faults.addWith(['control'], 'the SDK tries again after a 5xx, as often as it is told', async (session) => {
  await session.control.fault({ ...LIST, times: 2, effect: { kind: 'status', status: 502 } });
  const { basicApi } = session.clientWith({ numberOfApiCallRetries: 3 }).crm.contacts;
  await session.withFaults(async () => {
    await basicApi.getPage(1);
    assert.equal(session.calls, 3);
  });
});

faults.addWith(['control'], 'after its last attempt the SDK tells of the 5xx', async (session) => {
  await session.control.fault({ ...LIST, effect: { kind: 'status', status: 503 } });
  const { basicApi } = session.clientWith({ numberOfApiCallRetries: 2 }).crm.contacts;
  await session.withFaults(async () => {
    const { body } = await refused(503, basicApi.getPage(1));
    assert.equal(body.status, 'error');
    assert.equal(session.calls, 2);
  });
});

faults.addWith(['control'], 'an HTML page in place of JSON is told with its status', async (session) => {
  await session.control.fault({ ...LIST, effect: { kind: 'status', status: 502, body: '<html><body>Bad Gateway</body></html>' } });
  await session.withFaults(async () => {
    const { code } = await refused(502, session.client.crm.contacts.basicApi.getPage(1));
    assert.equal(code, 502);
  });
});

faults.addWith(['control'], 'a dropped connection fails the call, applied or not', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const email = session.email('ada');
  await session.control.fault({ method: 'POST', path: '/contacts', times: 1, effect: { kind: 'dropped_before' } });
  await session.withFaults(() => assert.rejects(basicApi.create({ properties: { email } })));
  await refused(404, basicApi.getById(email, undefined, undefined, undefined, false, 'email'));

  await session.control.call('DELETE', 'faults');
  await session.control.fault({ method: 'POST', path: '/contacts', times: 1, effect: { kind: 'applied_not_answered' } });
  await session.withFaults(() => assert.rejects(basicApi.create({ properties: { email } })));
  const found = await basicApi.getById(email, ['email'], undefined, undefined, false, 'email');
  assert.equal(found.properties.email, email);
});

faults.addWith(['control'], 'a body that breaks off fails the call', async (session) => {
  await session.control.fault({ ...LIST, times: 1, effect: { kind: 'cut_short', after_bytes: 5 } });
  await session.withFaults(() => assert.rejects(session.client.crm.contacts.basicApi.getPage(1)));
});

faults.addWith(['control'], 'a page with status 200, and JSON that claims to be text, hold nothing for the SDK', async (session) => {
  const { basicApi } = session.client.crm.contacts;
  const page = { kind: 'wrong_answer', content_type: 'text/html', body: '<h1>Maintenance</h1>' };
  await session.control.fault({ ...LIST, times: 1, effect: page });
  // The SDK does not mind; whoever reads the results does.
  const first = await session.withFaults(() => basicApi.getPage(1));
  assert.equal(first.results, undefined);
  await session.control.call('DELETE', 'faults');
  await session.control.fault({ ...LIST, times: 1, effect: { kind: 'wrong_answer', content_type: 'text/plain' } });
  const second = await session.withFaults(() => basicApi.getPage(1));
  assert.equal(session.last.headers['content-type'], 'text/plain');
  assert.equal(second.results, undefined);
});

faults.addWith(['control'], 'a late answer is an answer', async (session) => {
  await session.control.fault({ ...LIST, times: 1, effect: { kind: 'delay', milliseconds: 300 } });
  const since = Date.now();
  await session.client.crm.contacts.basicApi.getPage(1);
  assert.ok(Date.now() - since >= 290);
});

faults.addWith(['control'], 'an outage is told as 503, and passes', async (session) => {
  await session.control.post('down', { down: true });
  const { basicApi } = session.client.crm.contacts;
  await session.withFaults(async () => {
    await refused(503, basicApi.getPage(1));
  });
  await session.control.post('down', { down: false });
  await basicApi.getPage(1);
});
