// The examples of docs/sandbox.md, run as they stand there, at the address of a sandbox of their own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { Control } from '../support/control';
import { Sandbox } from '../support/sandbox';

const run = promisify(execFile);
const page = fs.readFileSync(path.resolve(__dirname, '../../../docs/sandbox.md'), 'utf8');

/** The example in this language that contains a text. */
function example(language: string, text: string): string {
  const found = page.split('```').find((part) => part.startsWith(`${language}\n`) && part.includes(text));
  assert.ok(found, `docs/sandbox.md has no example in ${language} with ${text}`);
  return found.slice(language.length + 1);
}

describe('the examples of docs/sandbox.md', () => {
  let sandbox: Sandbox;
  let control: Control;
  const here = (text: string) => text.replaceAll('http://127.0.0.1:3002', sandbox.url);

  before(async () => {
    sandbox = await Sandbox.start();
    control = new Control([sandbox.url]);
  });

  after(() => sandbox?.stop());

  async function emails(): Promise<(string | undefined)[]> {
    const { contacts } = await control.call<{ contacts: { properties: { email?: string } }[] }>('GET', 'contacts');
    return contacts.map(({ properties }) => properties.email);
  }

  test('the SDK in a few lines of JavaScript', async () => {
    await control.reset();
    const program = here(example('js', '@hubspot/api-client')).replace('@hubspot/api-client', 'hubspot-14');
    await run(process.execPath, ['-e', `(async () => { ${program} })()`], { cwd: path.resolve(__dirname, '..') });
    assert.deepEqual(await emails(), ['ada@example.com']);
  });

  test('a dated path with curl', async () => {
    await control.reset();
    const { stdout } = await run('bash', ['-ec', here(example('sh', '/crm/objects/2026-03/'))]);
    assert.match((JSON.parse(stdout) as { id: string }).id, /^\d+$/);
    assert.deepEqual(await emails(), ['ada@example.com']);
  });

  test('control: a reset, a fault, the requests', async () => {
    await control.post('contacts', { properties: { email: 'grace@example.com' } });
    const { stdout } = await run('bash', ['-ec', here(example('sh', 'control='))]);
    assert.match(stdout, /"requests":/);
    assert.deepEqual(await emails(), []);
    const { faults } = await control.call<{ faults: { rule: { method: string } }[] }>('GET', 'faults');
    assert.deepEqual(faults.map(({ rule }) => rule.method), ['PATCH']);
  });
});
