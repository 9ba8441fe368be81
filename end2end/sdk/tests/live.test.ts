// `make test-live` without HubSpot: a second sandbox stands in for it under another address. Nothing differs; then a fault is put
// in on purpose, and it must be found.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import path from 'node:path';

import { Control } from '../support/control';
import { binary, Sandbox, SANDBOX_TOKEN } from '../support/sandbox';
import { sandboxTarget } from '../support/sandbox_target';

const FOLDER = path.resolve(__dirname, '..');

describe('test-live', () => {
  let hubspot: Sandbox;
  let control: Control;

  before(async () => {
    hubspot = await Sandbox.start();
    control = new Control([hubspot.url]);
  });

  beforeEach(async () => {
    await control.reset();
    await control.post('search-lag', { milliseconds: 0 });
  });

  after(() => hubspot?.stop());

  /** Runs it as `make test-live` does; answers its exit code and what it said. */
  async function live(settings: Record<string, string>): Promise<{ code: number | null; said: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'live.ts'], {
      cwd: FOLDER,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PARLOR_BINARY: binary, ...settings },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
    return { code, said };
  }

  /** The account there, which may be used up, with the apps that more checks need. */
  const there = () => {
    const { oauthApp, developerApp } = sandboxTarget(hubspot);
    return {
      HUBSPOT_TEST_TOKEN: SANDBOX_TOKEN,
      HUBSPOT_TEST_BASE_URL: hubspot.url,
      HUBSPOT_TEST_ACCOUNT_IS_EXPENDABLE: 'yes',
      HUBSPOT_TEST_CLIENT_ID: oauthApp?.clientId ?? '',
      HUBSPOT_TEST_CLIENT_SECRET: oauthApp?.clientSecret ?? '',
      HUBSPOT_TEST_REDIRECT_URI: oauthApp?.redirectUri ?? '',
      HUBSPOT_TEST_APP_ID: String(developerApp?.id ?? ''),
      HUBSPOT_TEST_DEVELOPER_KEY: developerApp?.developerApiKey ?? '',
      HUBSPOT_TEST_APP_SECRET: developerApp?.clientSecret ?? '',
    };
  };

  /** The calls that it got. */
  async function calls(): Promise<{ method: string; path: string }[]> {
    return (await control.call<{ requests: { method: string; path: string }[] }>('GET', 'requests')).requests;
  }

  test('says so when there is no token', async () => {
    const { code, said } = await live({ HUBSPOT_TEST_BASE_URL: hubspot.url });
    assert.equal(code, 2);
    assert.match(said, /HUBSPOT_TEST_TOKEN is not set/);
    assert.deepEqual(await calls(), []);
  });

  test('refuses an account that is no test account, and writes nothing to it', async () => {
    const { code, said } = await live({ ...there(), HUBSPOT_TEST_ACCOUNT_IS_EXPENDABLE: '' });
    assert.equal(code, 2);
    assert.match(said, /is of the kind STANDARD, not a developer test account/);
    assert.deepEqual((await calls()).map(({ method }) => method), ['GET']);
  });

  test('finds nothing between two sandboxes, and leaves nothing behind', async () => {
    const { code, said } = await live(there());
    assert.match(said, /@hubspot\/api-client 13: \d\d+ checks compared, 0 differ/);
    assert.match(said, /@hubspot\/api-client 14: \d\d+ checks compared, 0 differ/);
    assert.match(said, /not run:/);
    assert.equal(code, 0, said);
    assert.ok((await calls()).length > 100);
    for (const kind of ['contacts', 'companies', 'deals', 'tickets', 'notes', 'communications']) {
      const answer = await fetch(`${hubspot.url}/crm/v3/objects/${kind}?limit=100`, {
        headers: { authorization: `Bearer ${SANDBOX_TOKEN}` },
      });
      assert.deepEqual(((await answer.json()) as { results: unknown[] }).results, [], kind);
    }
    const properties = await fetch(`${hubspot.url}/crm/v3/properties/contacts`, {
      headers: { authorization: `Bearer ${SANDBOX_TOKEN}` },
    });
    assert.doesNotMatch(await properties.text(), /sdkrun/);
  });

  test('finds a status that differs', async () => {
    await control.fault({ method: 'DELETE', path: '/contacts/', effect: { kind: 'status', status: 200 } });
    const { code, said } = await live({ ...there(), HUBSPOT_TEST_ONLY: 'contacts: ' });
    assert.equal(code, 1);
    assert.match(said, /DELETE \/crm\/v3\/objects\/contacts\/<number>: status: 204 here, 200 there/);
    assert.match(said, /same {2}contacts: 409: the address is taken, and by whom/);
  });

  test('finds a body that differs: words, and a field that is missing', async () => {
    const details = { portalId: 891_936_587, accountType: 'STANDARD', timeZone: 5, uiDomain: 'app.hubspot.com' };
    await control.fault({
      path: '/details',
      effect: { kind: 'status', status: 200, body: JSON.stringify(details), content_type: 'application/json;charset=utf-8' },
    });
    const taken = JSON.stringify({ status: 'error', message: 'That contact is known: 12345678', category: 'CONFLICT', correlationId: '0' });
    await control.fault({
      method: 'POST',
      path: '/objects/contacts',
      body: 'Ada.sdkrun',
      effect: { kind: 'status', status: 409, body: taken, content_type: 'application/json;charset=utf-8' },
    });
    const account = await live({ ...there(), HUBSPOT_TEST_ONLY: 'account: details' });
    assert.equal(account.code, 1);
    assert.match(account.said, /GET \/account-info\/v3\/details: body\.timeZone: "[^"]+" here, 5 there/);
    assert.match(account.said, /GET \/account-info\/v3\/details: body\.dataHostingLocation: "na1" here, nothing there/);
    const contacts = await live({ ...there(), HUBSPOT_TEST_ONLY: 'contacts: 409' });
    assert.equal(contacts.code, 1);
    assert.match(
      contacts.said,
      /body\.message: "Contact already exists\. Existing ID: <number>" here, "That contact is known: <number>" there/,
    );
  });

  test('removes what it made even where a check fails', async () => {
    await control.fault({ method: 'PATCH', path: '/contacts/', effect: { kind: 'status', status: 418 } });
    const { code, said } = await live({ ...there(), HUBSPOT_TEST_ONLY: 'contacts: a contact is changed' });
    assert.equal(code, 1);
    assert.match(said, /fails there: /);
    const { contacts } = await control.call<{ contacts: unknown[] }>('GET', 'contacts');
    assert.deepEqual(contacts, []);
  });
});
