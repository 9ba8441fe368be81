// What a browser keeps for an embedded page, and what becomes of the session then.
import fs from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

import { chromium, type Request, type Route } from '@playwright/test';

import { browserArguments, browserExecutable } from '../support/browser';
import { expect, test } from '../support/test';
import { somebody, Visitor } from '../support/visitor';

test.use({ server: 'cookies' });

test('with third-party cookies blocked, the partitioned cookie carries the session over a reload', async ({ parlor, newVisitor }) => {
  const visitor = await newVisitor();
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Ada', 'Partition'));
  await visitor.say('Remember me.');
  const cookies = await visitor.page.context().cookies();
  expect(cookies.map(({ name, httpOnly, secure, sameSite, path: at }) => ({ name, httpOnly, secure, sameSite, at }))).toEqual([
    { name: `__Host-parlor-${await parlor.demoWidget()}`, httpOnly: true, secure: true, sameSite: 'None', at: '/' },
  ]);
  await visitor.page.reload();
  await visitor.openChat();
  await expect(visitor.texts).toHaveText(['Remember me.']);
  await expect(visitor.widget.getByText('This browser keeps nothing')).toBeHidden();
  await visitor.say('You did.');

  await test.step('a page elsewhere that embeds the same widget is another visitor’s', async () => {
    const other = new Visitor(await visitor.page.context().newPage(), null);
    await other.page.goto(`${parlor.origin}/widget/${await parlor.demoWidget()}`);
    await expect(other.form).toBeVisible();
  });
});

test('with third-party cookies allowed, the session survives a reload as well', async ({ parlor, problems }) => {
  const profile = await fs.mkdtemp(path.join(os.tmpdir(), 'parlor-profile-'));
  await fs.mkdir(path.join(profile, 'Default'));
  await fs.writeFile(path.join(profile, 'Default/Preferences'), JSON.stringify({ profile: { cookie_controls_mode: 2 } }));
  const context = await chromium.launchPersistentContext(profile, { executablePath: browserExecutable, args: browserArguments });
  try {
    problems.watch(context);
    const visitor = new Visitor(await context.newPage());
    await visitor.open(parlor.demo);
    await visitor.register(somebody('Ada', 'Profile'));
    await visitor.say('Remember me.');
    await visitor.page.reload();
    await visitor.openChat();
    await expect(visitor.texts).toHaveText(['Remember me.']);
    await visitor.say('You did.');
    const inFrame = visitor.page.frames().find((frame) => frame.url().startsWith(parlor.origin));
    // The cookie is enough: nothing else is written, but for what waits to be acknowledged.
    expect(await inFrame?.evaluate(() => localStorage.length)).toBe(0);
  } finally {
    await context.close();
    await fs.rm(profile, { recursive: true, force: true });
  }
});

test('a browser that keeps neither cookie nor storage chats all the same, and is told that the chat ends with the page', async ({
  parlor,
  newVisitor,
  newRep,
}) => {
  const visitor = await newVisitor();
  // Only the registration sets one. Other answers, the document above all, are left to the browser's own hands.
  await visitor.page.context().route(
    (url) => url.origin === parlor.origin,
    (route) => (route.request().method() === 'POST' ? withoutCookies(route) : route.fallback()),
  );
  await visitor.open(parlor.demo);
  await visitor.register(somebody('Nobody', 'Kept'));
  await visitor.say('Do you hear me?');
  await expect(visitor.widget.getByText('This browser keeps nothing for embedded pages')).toBeVisible();
  expect(await visitor.page.context().cookies()).toEqual([]);
  const rep = await newRep();
  await rep.choose('Nobody Kept');
  await rep.say('Loud and clear.');
  await expect(visitor.texts).toHaveText(['Do you hear me?', 'Loud and clear.']);

  await visitor.page.reload();
  await visitor.openChat();
  await expect(visitor.form).toBeVisible();
});

/** Passes a request on as it is, and its answer back without the cookies that it sets. */
async function withoutCookies(route: Route): Promise<void> {
  const { status, headers, body } = await forwarded(route.request());
  const kept = Object.entries(headers).filter(([name]) => name !== 'set-cookie');
  await route.fulfill({ status, headers: Object.fromEntries(kept), body });
}

/** Playwright's own `route.fetch` would keep the cookies. */
async function forwarded(request: Request): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
  const headers = { ...(await request.allHeaders()), 'accept-encoding': 'identity' };
  return new Promise((resolve, reject) => {
    const forward = http.request(request.url(), { method: request.method(), headers }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) {
        parts.push(part);
      }
      const entries = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(entries), body: Buffer.concat(parts) });
    });
    forward.on('error', reject);
    forward.end(request.postDataBuffer() ?? undefined);
  });
}
