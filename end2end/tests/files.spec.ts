// What the built binary serves from within itself: its files are compressed and kept for ever, the loader is kept for five minutes.
import fs from 'node:fs/promises';

import { expect, test } from '../support/test';

test.use({ server: 'files' });

test('scripts, styles and WASM come from the binary: brotli, a digest in the address, immutable', async ({ parlor }) => {
  const page = await (await fetch(`${parlor.origin}/widget/${await parlor.demoWidget()}`)).text();
  const files = [...new Set(page.match(/\/pkg\/[^"'\s)]+\.(?:css|js|wasm)/g))];
  for (const ending of ['css', 'js', 'wasm']) {
    const file = files.find((name) => name.endsWith(`.${ending}`));
    expect(file, ending).toMatch(/^\/pkg\/[0-9a-f]{16}\/widget\//);
    const answer = await fetch(`${parlor.origin}${file}`, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('accept-encoding');
    const plain = await fetch(`${parlor.origin}${file}`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(Buffer.from(await plain.arrayBuffer()).equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
  }
  const kept = await fs.readdir(parlor.folder);
  expect(kept.filter((name) => !name.startsWith('parlor-sandbox.'))).toEqual([]);
});

test('the loader is cached for five minutes and then asked for by its tag', async ({ parlor }) => {
  const address = `${parlor.origin}/w/${await parlor.demoWidget()}/embed.js`;
  const first = await fetch(address, { headers: { 'accept-encoding': 'br' } });
  expect(first.status).toBe(200);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'content-encoding': 'br',
    'cache-control': 'public, max-age=300',
    'cross-origin-resource-policy': 'cross-origin',
  });
  expect(first.headers.get('set-cookie')).toBeNull();
  expect(Number(first.headers.get('content-length') ?? NaN), 'what every page view costs').toBeLessThanOrEqual(4_096);
  const tag = first.headers.get('etag') ?? '';
  expect(tag).toMatch(/^(W\/)?"[^"]+"$/);
  const again = await fetch(address, { headers: { 'if-none-match': tag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe('');
  expect((await fetch(address, { headers: { 'if-none-match': '"another"' } })).status).toBe(200);
});

test('pages are never cached, and what is not there is 404 with the same headers', async ({ parlor }) => {
  const page = await fetch(`${parlor.origin}/widget/${await parlor.demoWidget()}`);
  expect(page.headers.get('cache-control')).toBe('no-store');
  for (const path of ['/w/unknown0unknown0/embed.js', '/widget/unknown0unknown0', '/pkg/0/widget/parlor.js', '/.git/config']) {
    const answer = await fetch(`${parlor.origin}${path}`);
    expect(answer.status, path).toBe(404);
    expect(answer.headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('x-frame-options'), path).toBe('DENY');
  }
});
