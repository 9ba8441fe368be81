// What becomes of proofs when something goes wrong: a renewal that is refused or fails, a sign-out in between, a site that does not
// answer, a page that may not read what Parlor says.
import type { Page } from '@playwright/test';

import { pageWithSnippet } from '../support/host_page';
import type { Parlor } from '../support/parlor';
import { call, hubSpotChat, next } from '../support/page_api';
import { proofOf } from '../support/proof';
import { expect, test } from '../support/test';
import { Visitor } from '../support/visitor';

test.use({ server: 'proofs' });

/** Both loaders, by the option that chooses one. */
const PROVIDERS = ['hubspot', 'parlor'] as const;

type SitePage = {
  Parlor: (...words: unknown[]) => void;
  /** Lets the site's function answer. */
  answer: (proof: string) => void;
  asked: number;
};

/** Identifies by a function of the site's that answers when the test says so. */
function identifySlowly(page: Page): Promise<void> {
  return page.evaluate(() => {
    const site = window as never as SitePage;
    site.asked = 0;
    site.Parlor('identify', {
      token: function proofOfTheSite() {
        site.asked += 1;
        return new Promise((resolve) => (site.answer = resolve));
      },
    });
  });
}

const answer = (page: Page, proof: string) => page.evaluate((given) => (window as never as SitePage).answer(given), proof);

/** The requests of this page about proofs: `exchange` or `revoke`, with the proof. */
function watch(page: Page): string[][] {
  const requests: string[][] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/visitor-token')) {
      const { token } = request.postDataJSON() as { token: string };
      requests.push([pathname.endsWith('/revoke') ? 'revoke' : 'exchange', token]);
    }
  });
  return requests;
}

/** Whom HubSpot's chat was loaded for on this site, in order. */
async function loadedFor(parlor: Parlor, origin: string): Promise<(string | null)[]> {
  const { visits } = await parlor.chat();
  return visits.filter(({ page }) => page.startsWith(origin)).map(({ email }) => email);
}

/** The times that HubSpot's chat was told on this site to forget everything. */
async function clears(parlor: Parlor, origin: string): Promise<object[]> {
  const { calls } = await parlor.chat();
  return calls.filter((made) => made.call === 'clear' && made.page.startsWith(origin));
}

test('a renewal that is refused ends the identity: HubSpot’s chat goes on without a name', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  problems.expect(/Parlor: the visitor is not identified \(proof_revoked\)/);
  problems.expect(/Parlor: the visitor is not identified \(proof_missing\)/);
  for (const status of [401, 403, 404, 422]) {
    problems.expect(new RegExp(`status of ${status}`));
  }
  problems.expect(/Parlor: the visitor is not identified \(made_up\)/);
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Refuses', host.origin, ['--provider', 'hubspot']);
  html = pageWithSnippet(parlor.origin, key);
  const page = await (await newContext()).newPage();
  const requests = watch(page);
  await page.clock.install();
  await page.goto(host.origin);
  await expect(hubSpotChat(page)).toContainText('not identified');

  const identified = async (proof: string) => {
    await call(page, 'identify', { token: proof });
    await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');
  };
  const untilForgotten = async () => {
    const refused = next(page, 'error');
    await page.clock.fastForward('11:41:00');
    await refused;
    await expect(hubSpotChat(page)).toContainText('not identified');
    const asked = requests.length;
    await page.clock.fastForward('13:00:00');
    expect(requests).toHaveLength(asked);
  };

  // She signed out somewhere else: Parlor takes that proof no more.
  const proof = proofOf(key, secret, 'ada@example.com');
  await identified(proof);
  const revoked = await fetch(`${parlor.origin}/api/visitor-token/revoke?widget=${key}`, {
    method: 'POST',
    body: JSON.stringify({ token: proof }),
  });
  expect(revoked.status).toBe(204);
  await untilForgotten();

  // Her site knows that nobody is signed in any more.
  let current = proofOf(key, secret, 'ada@example.com');
  await page.exposeFunction('currentProof', () => current);
  await page.evaluate(() => {
    const site = window as never as SitePage & { currentProof: () => Promise<string> };
    site.Parlor('identify', { token: site.currentProof });
  });
  await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');
  current = '';
  await untilForgotten();

  for (const status of [403, 404, 422]) {
    await identified(proofOf(key, secret, 'ada@example.com'));
    await page.route('**/api/visitor-token?*', (route) =>
      route.fulfill({
        status,
        json: { code: 'made_up', detail: `refused with ${status}` },
        headers: { 'access-control-allow-origin': host.origin },
      }),
    );
    await untilForgotten();
    await page.unroute('**/api/visitor-token?*');
  }
  const loaded = (await loadedFor(parlor, host.origin)).filter((email, index, all) => email !== all[index - 1]);
  expect(loaded).toEqual([null, ...Array<(string | null)[]>(5).fill(['ada@example.com', null]).flat()]);
  const cleared = await clears(parlor, host.origin);
  expect(cleared).toHaveLength(5);
  for (const made of cleared) {
    expect(made).toMatchObject({ arguments: [{ resetWidget: true }], settings: { loadImmediately: false } });
    expect(Object.keys((made as { settings: object }).settings)).toEqual(['loadImmediately']);
  }
});

test('a renewal that fails for a while is tried again, and the identity stands until HubSpot’s token ends', async ({
  parlor,
  problems,
  newContext,
  newHostPage,
}) => {
  problems.expect(/Parlor: the visitor is not identified \(hubspot_unreachable\)/);
  problems.expect(/Parlor: the visitor is not identified \(unreachable\)/);
  for (const status of [429, 502, 503]) {
    problems.expect(new RegExp(`status of ${status}`));
  }
  problems.expect(/request failed: POST .*visitor-token/);
  problems.expect(/net::ERR_CONNECTION_REFUSED/);
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Fails', host.origin, ['--provider', 'hubspot']);
  html = pageWithSnippet(parlor.origin, key);
  const page = await (await newContext()).newPage();
  const requests = watch(page);
  const headers = { 'access-control-allow-origin': host.origin };
  // What is still to be answered otherwise than with a token; a status of 0 is a network that fails.
  const failures: number[] = [];
  await page.route('**/api/visitor-token?*', async (route) => {
    const status = failures.shift();
    if (status === 0) {
      await route.abort('connectionrefused');
    } else if (status) {
      await route.fulfill({ status, headers, json: { code: 'hubspot_unreachable', detail: 'HubSpot does not answer.' } });
    } else {
      // Parlor's clock is not the page's.
      const now = await page.evaluate(() => Date.now());
      const { body } = await parlor.exchange(key, proofOf(key, secret, 'ada@example.com'));
      await route.fulfill({ headers, json: { ...body, expires_at: new Date(now + 12 * 3_600_000).toISOString() } });
    }
  });
  await page.exposeFunction('newProof', () => proofOf(key, secret, 'ada@example.com'));
  await page.clock.install();
  await page.goto(host.origin);
  await expect(hubSpotChat(page)).toContainText('not identified');
  const first = next(page, 'identified');
  await page.evaluate(() => {
    const { Parlor, newProof } = window as never as { Parlor: (...words: unknown[]) => void; newProof: () => Promise<string> };
    Parlor('identify', { token: newProof });
  });
  await first;
  await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');

  const attempt = async (event: string, wait: string) => {
    const happened = next(page, event);
    await page.clock.fastForward(wait);
    await happened;
  };
  failures.push(503, 0, 429, 502);
  await attempt('error', '11:40:30');
  await attempt('error', '00:01:00');
  await page.clock.fastForward('00:01:30');
  expect(requests, 'the second wait is longer than the first').toHaveLength(3);
  await attempt('error', '00:00:40');
  await attempt('error', '00:04:00');
  await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');
  expect(await clears(parlor, host.origin)).toEqual([]);
  await attempt('identified', '00:08:00');
  expect(requests).toHaveLength(6);
  expect(new Set(requests.map(([, proof]) => proof)).size).toBe(6);

  // Now it fails for longer than the token holds: 20 minutes, of which 15 are spent on the attempts.
  failures.push(...Array<number>(5).fill(503));
  await attempt('error', '11:40:30');
  await attempt('error', '00:01:00');
  await attempt('error', '00:02:00');
  await attempt('error', '00:04:00');
  await attempt('error', '00:08:00');
  expect(await clears(parlor, host.origin)).toEqual([]);
  await page.clock.fastForward('00:05:00');
  await expect(hubSpotChat(page)).toContainText('not identified');
  expect(await clears(parlor, host.origin)).toMatchObject([{ arguments: [{ resetWidget: true }] }]);
  // Who is there is known again as soon as it passes.
  await attempt('identified', '00:16:00');
  await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');
});

test('a proof that waits for consent is revoked at the sign-out, and never used', async ({
  parlor,
  newContext,
  newHostPage,
}) => {
  let html = '';
  const host = await newHostPage(() => html);
  const { key, secret } = await parlor.addIdentity('Waits', host.origin, ['--provider', 'hubspot', '--wait-for-consent', 'yes']);
  html = pageWithSnippet(parlor.origin, key);
  const page = await (await newContext()).newPage();
  const requests = watch(page);
  await page.goto(host.origin);
  await page.waitForFunction(() => 'Parlor' in window);
  const proof = proofOf(key, secret, 'ada@example.com');
  await call(page, 'identify', { token: proof });
  const revoked = page.waitForResponse((response) => response.url().includes('/api/visitor-token/revoke'));
  await call(page, 'reset');
  expect((await revoked).status()).toBe(204);
  expect(await parlor.exchange(key, proof)).toMatchObject({ status: 401, body: { code: 'proof_revoked' } });
  await call(page, 'consent');
  await expect(hubSpotChat(page)).toContainText('not identified');
  expect(requests).toEqual([['revoke', proof]]);
  expect(new Set(await loadedFor(parlor, host.origin))).toEqual(new Set([null]));
});

for (const provider of PROVIDERS) {
  test(`a proof that comes after the sign-out is revoked, and never used (${provider})`, async ({
    parlor,
    newContext,
    newHostPage,
  }) => {
    let html = '';
    const host = await newHostPage(() => html);
    const { key, secret } = await parlor.addIdentity(`Late, ${provider}`, host.origin, ['--provider', provider]);
    html = pageWithSnippet(parlor.origin, key);
    const page = await (await newContext()).newPage();
    const requests = watch(page);
    await page.goto(host.origin);
    await page.waitForFunction(() => 'Parlor' in window);
    const late = proofOf(key, secret, 'ada@example.com');
    await identifySlowly(page);
    await call(page, 'reset');
    expect(requests).toEqual([]);
    const revoked = page.waitForResponse((response) => response.url().includes('/api/visitor-token/revoke'));
    await answer(page, late);
    expect((await revoked).status()).toBe(204);
    expect(await parlor.exchange(key, late)).toMatchObject({ status: 401, body: { code: 'proof_revoked' } });

    // Signed in and out before anything could be asked.
    const short = proofOf(key, secret, 'grace@example.com');
    const revokedToo = page.waitForResponse((response) => response.url().includes('/api/visitor-token/revoke'));
    await page.evaluate((token) => {
      const { Parlor } = window as never as SitePage;
      Parlor('identify', { token });
      Parlor('reset');
    }, short);
    expect((await revokedToo).status()).toBe(204);
    expect(await parlor.exchange(key, short)).toMatchObject({ status: 401, body: { code: 'proof_revoked' } });

    // Another sign-in has nothing to do with either.
    const identified = next(page, 'identified');
    await identifySlowly(page);
    const good = proofOf(key, secret, 'lise@example.com');
    await answer(page, good);
    expect(await identified).toMatchObject({ email: 'lise@example.com' });
    await page.waitForLoadState('networkidle');
    expect(requests).toEqual([
      ['revoke', late],
      ['revoke', short],
      ['exchange', good],
    ]);
    if (provider === 'hubspot') {
      await expect(hubSpotChat(page)).toContainText('identified as lise@example.com');
      expect(new Set(await loadedFor(parlor, host.origin))).toEqual(new Set([null, 'lise@example.com']));
    }
  });

  test(`the site’s own function has ten seconds, and what it answers later is ignored (${provider})`, async ({
    parlor,
    problems,
    newContext,
    newHostPage,
  }) => {
    problems.expect(/not identified \(proof_not_fetched\): .*"proofOfTheSite".* did not answer within 10 seconds/);
    let html = '';
    const host = await newHostPage(() => html);
    const { key, secret } = await parlor.addIdentity(`Slow, ${provider}`, host.origin, ['--provider', provider]);
    html = pageWithSnippet(parlor.origin, key);
    const page = await (await newContext()).newPage();
    const requests = watch(page);
    await page.clock.install();
    await page.goto(host.origin);
    await page.waitForFunction(() => 'Parlor' in window);
    const refused = next(page, 'error');
    await identifySlowly(page);
    await page.clock.fastForward('00:11');
    expect(await refused).toMatchObject({ code: 'proof_not_fetched' });
    await answer(page, proofOf(key, secret, 'late@example.com'));
    if (provider === 'hubspot') {
      await expect(hubSpotChat(page)).toContainText('not identified');
    } else {
      await new Visitor(page).openChat();
    }
    await page.waitForLoadState('networkidle');
    expect(requests).toEqual([]);

    // A function that answers in time is another matter, and its answer is told once.
    const identified = next(page, 'identified');
    await identifySlowly(page);
    const proof = proofOf(key, secret, 'ada@example.com');
    await answer(page, proof);
    const { token, email, expires_at: end, ...rest } = await identified;
    expect([email, rest]).toEqual(['ada@example.com', {}]);
    expect(Date.parse(end)).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    expect(await parlor.hubspotTokens()).toContainEqual(expect.objectContaining({ token, email }));
    expect(requests).toEqual([['exchange', proof]]);
    if (provider === 'hubspot') {
      await expect(hubSpotChat(page)).toContainText('identified as ada@example.com');
    }
  });

  test(`an exchange that is not answered ends after fifteen seconds (${provider})`, async ({ parlor, problems, newContext, newHostPage }) => {
    problems.expect(/the visitor is not identified \(unreachable\)/);
    problems.allow(/request failed: POST .*visitor-token/);
    let html = '';
    const host = await newHostPage(() => html);
    const { key, secret } = await parlor.addIdentity(`Hangs, ${provider}`, host.origin, ['--provider', provider]);
    html = pageWithSnippet(parlor.origin, key);
    const page = await (await newContext()).newPage();
    // The browser's own clock cannot be moved: whoever asks it for a signal is told the time, and has it soon.
    await page.addInitScript(() => {
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      AbortSignal.timeout = (milliseconds) => {
        (window as never as { patience: number }).patience = milliseconds;
        return timeout(50);
      };
    });
    await page.route('**/api/visitor-token?*', () => {});
    await page.goto(host.origin);
    await page.waitForFunction(() => 'Parlor' in window);
    const refused = next(page, 'error');
    await call(page, 'identify', { token: proofOf(key, secret, 'ada@example.com') });
    expect(await refused).toMatchObject({ code: 'unreachable' });
    expect(await page.evaluate(() => (window as never as { patience: number }).patience)).toBe(15_000);
  });

  test(`what a page cannot read, the console explains: the network, or an origin that is not the widget’s (${provider})`, async ({
    parlor,
    problems,
    newContext,
    newHostPage,
  }) => {
    let html = '';
    const host = await newHostPage(() => html);
    const { key, secret } = await parlor.addIdentity(`Elsewhere, ${provider}`, 'https://elsewhere.example', ['--provider', provider]);
    html = pageWithSnippet(parlor.origin, key);
    problems.expect(/blocked by CORS policy/);
    problems.expect(/request failed: POST .*visitor-token/);
    problems.allow(/net::ERR_FAILED|status of 403/);
    const mend = `parlor widget origins --key ${key} --allow ${host.origin}`;
    problems.expect(new RegExp(`the visitor is not identified \\(unreachable\\): .*network.*connect-src.*origin.*${mend}`));
    problems.expect(new RegExp(`the proof is not revoked.*network.*connect-src.*origin.*${mend}`));
    const page = await (await newContext()).newPage();
    await page.goto(host.origin);
    await page.waitForFunction(() => 'Parlor' in window);
    const refused = next(page, 'error');
    await call(page, 'identify', { token: proofOf(key, secret, 'ada@example.com') });
    expect((await refused).message).toContain(mend);
    const warned = page.waitForEvent('console', (message) => message.text().includes('the proof is not revoked'));
    await call(page, 'reset');
    await warned;
  });
}
