// Who a visitor is, as the site proves it: HubSpot's own chat booted by the loader, and Parlor's own chat beside it.
import fs from 'node:fs/promises';
import path from 'node:path';

import { pageWithSnippet } from '../support/host_page';
import { call, hubSpotChat as box, next, QUEUE } from '../support/page_api';
import { proofOf } from '../support/proof';
import { expect, test } from '../support/test';
import { somebody } from '../support/visitor';

test.use({ server: 'identity' });

test('the demo signs Ada in and out: HubSpot’s chat knows her in between, and her proof is worth nothing afterwards', async ({
  parlor,
  newContext,
}) => {
  const page = await (await newContext()).newPage();
  const proofs: string[] = [];
  page.on('response', async (response) => {
    if (response.url().endsWith('/proof')) {
      proofs.push(await response.text());
    }
  });
  await page.goto(parlor.demo);
  await page.getByRole('link', { name: 'the account page' }).click();
  await expect(box(page)).toContainText('not identified');
  await page.getByRole('button', { name: 'Sign in as Ada' }).click();
  await expect(box(page)).toContainText('identified as ada@example.com');
  await expect(page.getByRole('status').filter({ hasText: 'the chat knows her as ada@example.com' })).toBeVisible();
  const here = (visit: { page: string }) => visit.page === `${parlor.demo}/hubspot`;
  const visits = (await parlor.chat()).visits.filter(here);
  expect(visits.map(({ email, outcome }) => [email, outcome])).toEqual([
    [null, 'not_identified'],
    ['ada@example.com', 'identified'],
  ]);

  const revoked = page.waitForResponse((response) => response.url().includes('/api/visitor-token/revoke'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(box(page)).toContainText('not identified');
  expect((await revoked).status()).toBe(204);
  const { calls } = await parlor.chat();
  expect(calls.filter(here).filter(({ call: name }) => name === 'clear')).toMatchObject([
    { arguments: [{ resetWidget: true }], settings: { loadImmediately: false } },
  ]);
  expect(calls.filter(here).some(({ ignored }) => ignored !== null), JSON.stringify(calls)).toBe(false);
  const key = /data-widget="([a-z0-9]+)"/.exec(await page.content())?.[1] ?? '';
  expect(proofs).toHaveLength(1);
  expect(await parlor.exchange(key, proofs[0])).toMatchObject({ status: 401, body: { code: 'proof_revoked' } });

  // Signing in again is another proof.
  await page.getByRole('button', { name: 'Sign in as Ada' }).click();
  await expect(box(page)).toContainText('identified as ada@example.com');
});

test('HubSpot’s chat waits for consent where the site asks for that, and then knows who is there', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Waits', host.origin, ['--provider', 'hubspot', '--wait-for-consent', 'yes']);
  html = pageWithSnippet(parlor.origin, key, { body: '<a href="#contact" data-parlor-open>Talk to us</a>' });
  const page = await (await newContext()).newPage();
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(host.origin)) {
      elsewhere.push(request.url());
    }
  });
  problems.expect(/the chat waits for Parlor\("consent"\)/);
  await page.goto(host.origin);
  await page.waitForLoadState('networkidle');
  await call(page, 'identify', { token: proofOf(key, secret, 'grace@example.com') });
  await call(page, 'open');
  await page.getByRole('link', { name: 'Talk to us' }).click();
  await expect(page).toHaveURL(/#contact$/);
  await page.waitForLoadState('networkidle');
  expect(elsewhere).toEqual([`${parlor.origin}/w/${key}/embed.js`]);

  await call(page, 'consent');
  await expect(box(page)).toContainText('identified as grace@example.com');
  await page.getByRole('link', { name: 'Talk to us' }).click();
  await expect(box(page)).toHaveAttribute('data-open', 'true');
  await call(page, 'close');
  await expect(box(page)).toHaveAttribute('data-open', 'false');
  // It was loaded once, with her: nobody else was there before.
  const visits = (await parlor.chat()).visits.filter((visit) => visit.page.startsWith(host.origin));
  expect(visits.map(({ email }) => email)).toEqual(['grace@example.com']);
});

test('a wrong proof is a warning, and HubSpot’s chat goes on without a name', async ({ parlor, problems, newContext, newHostPage }) => {
  problems.expect(/Parlor: the visitor is not identified \(proof_signature\)/);
  problems.expect(/status of 401/);
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Wrong', host.origin, ['--provider', 'hubspot']);
  const early = `<script>Parlor('identify', { token: ${JSON.stringify(proofOf(key, 'another secret', 'eve@example.com'))} });</script>`;
  html = pageWithSnippet(parlor.origin, key).replace('</title>', `</title>${QUEUE}${early}`);
  const page = await (await newContext()).newPage();
  await page.goto(host.origin);
  await expect(box(page)).toContainText('not identified');
  // Whoever was there on an earlier page has left cookies: they go before HubSpot's chat is loaded for whoever is here.
  const made = (await parlor.chat()).calls.filter((call) => call.page.startsWith(host.origin)).map(({ call: name }) => name);
  expect(made.filter((name) => name === 'clear' || name === 'widget.load')).toEqual(['clear', 'widget.load']);

  // Somebody signs in after all, and then somebody else whose proof does not hold: who was there is not who is there now.
  await call(page, 'identify', { token: proofOf(key, secret, 'ada@example.com') });
  await expect(box(page)).toContainText('identified as ada@example.com');
  await call(page, 'identify', { token: proofOf(key, 'another secret', 'eve@example.com') });
  await expect(box(page)).toContainText('not identified');
  await call(page, 'identify', { token: proofOf(key, secret, 'ada@example.com') });
  await expect(box(page)).toContainText('identified as ada@example.com');
  await call(page, 'identify', { token: proofOf(key, secret, 'grace@example.com') });
  await expect(box(page)).toContainText('identified as grace@example.com');
  const { visits } = await parlor.chat();
  const emails = visits.filter((visit) => visit.page.startsWith(host.origin)).map(({ email }) => email);
  expect(emails).toEqual([null, 'ada@example.com', null, 'ada@example.com', 'grace@example.com']);
});

test('a proof that could not be exchanged for a while and is refused then deletes the cookies, too', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  problems.expect(/Parlor: the visitor is not identified \(hubspot_unreachable\)/);
  problems.expect(/Parlor: the visitor is not identified \(proof_revoked\)/);
  problems.expect(/status of 503/);
  problems.expect(/status of 401/);
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Later', host.origin, ['--provider', 'hubspot']);
  const early = `<script>Parlor('identify', { token: ${JSON.stringify(proofOf(key, secret, 'ada@example.com'))} });</script>`;
  html = pageWithSnippet(parlor.origin, key).replace('</title>', `</title>${QUEUE}${early}`);
  const page = await (await newContext()).newPage();
  const answers = [
    { status: 503, json: { code: 'hubspot_unreachable', detail: 'HubSpot does not answer.' } },
    { status: 401, json: { code: 'proof_revoked', detail: 'She has signed out.' } },
  ];
  await page.route('**/api/visitor-token?*', (route) =>
    route.fulfill({ ...answers.shift(), headers: { 'access-control-allow-origin': host.origin } }),
  );
  const clears = async () => {
    const { calls } = await parlor.chat();
    return calls.filter((made) => made.call === 'clear' && made.page.startsWith(host.origin)).length;
  };
  await page.clock.install();
  await page.goto(host.origin);
  await page.clock.runFor(2_000);
  await expect(box(page)).toContainText('not identified');
  expect(await clears(), 'it may be her yet').toBe(0);
  const refused = next(page, 'error');
  await page.clock.fastForward('01:01');
  expect(await refused).toMatchObject({ code: 'proof_revoked' });
  await expect.poll(clears).toBe(1);
});

test('a page with Trusted Types that allows the policy has HubSpot’s chat, and another says what to allow', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Trusts', host.origin, ['--provider', 'hubspot']);
  const pageThatAllows = (names: string) =>
    pageWithSnippet(parlor.origin, key).replace(
      '<title>',
      `<meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'; trusted-types ${names}"><title>`,
    );
  html = pageThatAllows('parlor');
  const page = await (await newContext()).newPage();
  await page.goto(host.origin);
  await expect(box(page)).toContainText('not identified');
  await call(page, 'identify', { token: proofOf(key, secret, 'ada@example.com') });
  await expect(box(page)).toContainText('identified as ada@example.com');

  problems.expect(/Parlor: HubSpot's chat is not loaded: .* add parlor to its trusted-types/);
  problems.allow(/TrustedTypePolicy|TrustedScriptURL/);
  html = pageThatAllows("'none'");
  const warned = page.waitForEvent('console', (message) => message.text().includes('add parlor to its trusted-types'));
  await page.goto(host.origin);
  await warned;
  await page.waitForLoadState('networkidle');
  await expect(box(page)).toHaveCount(0);
});

test('HubSpot’s token is renewed before its end, by a new proof', async ({ parlor, newContext, newHostPage }) => {
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Renews', host.origin, ['--provider', 'hubspot']);
  html = pageWithSnippet(parlor.origin, key);
  const page = await (await newContext()).newPage();
  const exchanged: string[] = [];
  await page.exposeFunction('newProof', () => proofOf(key, secret, 'ada@example.com'));
  // Parlor hands out the next token when twelve hours are nearly over; its clock is not the page's, so this says it instead.
  await page.route('**/api/visitor-token?*', async (route) => {
    const proof = (route.request().postDataJSON() as { token: string }).token;
    const email = exchanged.length ? 'renewed@example.com' : 'ada@example.com';
    exchanged.push(proof);
    const { body } = await parlor.exchange(key, proofOf(key, secret, email));
    await route.fulfill({ json: { ...body, email }, headers: { 'access-control-allow-origin': host.origin } });
  });
  await page.clock.install();
  await page.goto(host.origin);
  await page.evaluate(() => {
    const { Parlor, newProof } = window as never as { Parlor: (...words: unknown[]) => void; newProof: () => Promise<string> };
    Parlor('identify', { token: newProof });
  });
  await expect(box(page)).toContainText('identified as ada@example.com');
  await page.clock.fastForward('11:30:00');
  expect(exchanged).toHaveLength(1);
  await page.clock.fastForward('00:11:00');
  await expect(box(page)).toContainText('identified as renewed@example.com');
  expect(new Set(exchanged).size).toBe(2);
});

test('Parlor’s own chat tells the page HubSpot’s token, and goes on whatever becomes of the proof', async ({
  parlor,
  problems,
  newVisitor,
}) => {
  problems.expect(/Parlor: the visitor is not identified \(proof_malformed\)/);
  problems.expect(/status of 401/);
  const key = await parlor.demoWidget();
  const secret = await parlor.changeIdentity(key, []);
  const visitor = await newVisitor();
  const { page } = visitor;
  await page.goto(parlor.demo);
  await expect(visitor.launcher).toBeVisible();

  const refused = next(page, 'error');
  await call(page, 'identify', { token: 'no token at all' });
  expect(await refused).toMatchObject({ code: 'proof_malformed' });

  const identified = next(page, 'identified');
  const proof = proofOf(key, secret, 'lise@example.com');
  await call(page, 'identify', { token: proof });
  const { token, email, expires_at: end } = await identified;
  expect(email).toBe('lise@example.com');
  expect(Date.parse(end)).toBeGreaterThan(Date.now() + 11 * 3_600_000);
  expect(await parlor.hubspotTokens()).toContainEqual(expect.objectContaining({ token, email }));

  const revoked = page.waitForResponse((response) => response.url().includes('/api/visitor-token/revoke'));
  await call(page, 'reset');
  expect((await revoked).status()).toBe(204);
  expect(await parlor.exchange(key, proof)).toMatchObject({ body: { code: 'proof_revoked' } });

  await visitor.openChat();
  await visitor.register(somebody('Lise', 'Meitner'));
  await visitor.say('Still here.');
});

test('a page that boots HubSpot’s chat by itself hands it the token, as docs/embedding.md has it', async ({
  parlor,
  newContext,
  newHostPage,
}) => {
  const guide = await fs.readFile(path.resolve(__dirname, '../../docs/embedding.md'), 'utf8');
  const example = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code).find((code) => code.includes('identificationToken'));
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Both', host.origin, []);
  const settings = '<script>window.hsConversationsSettings = { loadImmediately: false };</script>';
  const script = `<script id="hs-script-loader" async defer src="${parlor.sandbox}/scripts/891936587.js"></script>`;
  const identify = `Parlor("identify", { token: ${JSON.stringify(proofOf(key, secret, 'ada@example.com'))} });`;
  html = pageWithSnippet(parlor.origin, key).replace(
    '</title>',
    `</title>${settings}${script}${QUEUE}<script>${example}${identify}</script>`,
  );
  const page = await (await newContext()).newPage();
  await page.goto(host.origin);
  await expect(box(page)).toContainText('identified as ada@example.com');
  await expect(page.locator('parlor-chat .launcher')).toBeVisible();
});
