// The examples of docs/identity.md, run: each signs a proof in its own language, and Parlor exchanges it.
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import type { Parlor } from '../support/parlor';
import { expect, test } from '../support/test';

test.use({ server: 'identity-examples' });

const run = promisify(execFile);
const documents = path.resolve(__dirname, '../../docs/identity');
const site = 'https://www.example.com';

const examples = [
  { file: 'sign.mjs', language: 'node', program: process.execPath },
  { file: 'sign.py', language: 'Python', program: 'python3' },
  { file: 'sign.php', language: 'PHP', program: 'php' },
  { file: 'sign.rb', language: 'Ruby', program: 'ruby' },
];

test('every example is run', async () => {
  const files = (await fs.readdir(documents)).sort();
  expect(files).toEqual([...examples.map(({ file }) => file), 'sign_ed25519.mjs'].sort());
});

for (const { file, language, program } of examples) {
  test(`a proof signed with ${language} is exchanged`, async ({ parlor }) => {
    test.skip(!(await isThere(program)), `${program} is not installed, and setup/languages.sh could not install it`);
    const widget = await parlor.addWidget(file, site);
    const printed = await parlor.command(['widget', 'identity', '--key', widget, '--new-secret']);
    const secret = /^Secret: (\S+)$/m.exec(printed)?.[1] as string;
    expect(secret, printed).toBeTruthy();
    const proof = await sign(program, file, { PARLOR_WIDGET: widget, PARLOR_WIDGET_SECRET: secret });
    await expectExchanged(parlor, widget, proof);
    // It is this secret that counts.
    const forged = await sign(program, file, { PARLOR_WIDGET: widget, PARLOR_WIDGET_SECRET: 'another' });
    expect(await exchange(parlor, widget, forged)).toMatchObject({ status: 401, body: { code: 'proof_signature' } });
  });
}

test('a proof signed with a private key is exchanged', async ({ parlor }) => {
  const widget = await parlor.addWidget('sign_ed25519.mjs', site);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const own = path.join(parlor.folder, 'proof.pem');
  const theirs = path.join(parlor.folder, 'proof.pub.pem');
  await fs.writeFile(own, privateKey);
  await fs.writeFile(theirs, publicKey);
  await parlor.command(['widget', 'identity', '--key', widget, '--public-key', theirs]);
  const proof = await sign(process.execPath, 'sign_ed25519.mjs', { PARLOR_WIDGET: widget, PROOF_KEY_FILE: own });
  await expectExchanged(parlor, widget, proof);
});

async function isThere(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => true,
    () => false,
  );
}

/** What an example prints. */
async function sign(program: string, file: string, settings: Record<string, string>): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ...settings };
  return (await run(program, [path.join(documents, file)], { env })).stdout.trim();
}

async function exchange(parlor: Parlor, widget: string, token: string) {
  const answer = await fetch(`${parlor.origin}/api/visitor-token?widget=${widget}`, {
    method: 'POST',
    headers: { origin: site, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function expectExchanged(parlor: Parlor, widget: string, proof: string): Promise<void> {
  const { status, body } = await exchange(parlor, widget, proof);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({ email: 'ada@example.com', token: expect.any(String), expires_at: expect.any(String) });
}
