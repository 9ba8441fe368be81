// The examples of docs/deploy.md, run: Parlor behind nginx and behind Caddy, with TLS, as a browser and an attacker meet it.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

import { expect, test } from '@playwright/test';

import { type Answer, request, Socket, type Way } from '../deploy/browser';
import { burst, Deployment, documents, type ProxyName, rep } from '../deploy/deployment';

test('the page shows the examples as they are run', async () => {
  const page = await fs.readFile(path.join(documents, 'deploy.md'), 'utf8');
  const examples = (await fs.readdir(path.join(documents, 'deploy'))).sort();
  expect(examples).toEqual(['Caddyfile', 'nginx.conf', 'parlor.rules.yml', 'parlor.service', 'parlor.toml']);
  for (const name of examples) {
    const text = await fs.readFile(path.join(documents, 'deploy', name), 'utf8');
    expect(page, `docs/deploy/${name} in docs/deploy.md`).toContain(`\n${text}\`\`\`\n`);
  }
});

for (const proxy of ['nginx', 'Caddy'] satisfies ProxyName[]) {
  test.describe(`behind ${proxy}`, () => {
    test.describe.configure({ mode: 'serial' });
    let deployment: Deployment;
    let way: Way;

    test.beforeAll(async () => {
      deployment = await Deployment.start(proxy);
      way = { origin: deployment.origin, authority: deployment.authority };
    });
    test.afterAll(async () => {
      await deployment?.stop();
    });

    const widgetPage = () => `/widget/${deployment.widget}`;

    test('pages come by HTTP/2 and checked TLS, with each of Parlor’s headers once', async () => {
      const page = await request(way, widgetPage());
      expect(page.status).toBe(200);
      expect(page.body).toContain('First name');
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
        'referrer-policy': 'same-origin',
        'strict-transport-security': 'max-age=63072000',
        'x-content-type-options': 'nosniff',
      });
      const policy = page.headers['content-security-policy'] as string;
      expect(policy).toMatch(/; frame-ancestors https:\/\/www\.example\.com$/);
      expect(policy).toContain(`connect-src 'self' wss://${new URL(way.origin).host};`);
      expect(policy.match(/default-src/g)).toHaveLength(1);
      expect(page.headers).not.toHaveProperty('x-frame-options');

      const inbox = await request(way, '/inbox/sign-in');
      expect(inbox.status).toBe(200);
      expect(inbox.headers['x-frame-options']).toBe('DENY');
      expect(inbox.headers['content-security-policy']).toMatch(/; frame-ancestors 'none'$/);
    });

    test('the plain address leads to the one with TLS', async () => {
      const headers = { host: new URL(way.origin).host };
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        http.get({ host: '127.0.0.1', port: deployment.plainPort, path: '/inbox?x=1', headers }, resolve).on('error', reject);
      });
      answer.resume();
      expect([301, 308]).toContain(answer.statusCode);
      // Caddy takes another https_port for one that is reached as 443 from outside, and leaves it out.
      const origin = proxy === 'Caddy' ? 'https://localhost' : way.origin;
      expect(answer.headers.location).toBe(`${origin}/inbox?x=1`);
    });

    test('a69 metrics stay on their own address; health is told', async () => {
      expect((await request(way, '/metrics')).status).toBe(404);
      expect(await (await fetch(deployment.metrics)).text()).toContain('parlor_delivery_backlog');
      expect((await request(way, '/healthz')).body).toBe('alive\n');
      expect((await request(way, '/readyz')).body).toBe('ready\n');
    });

    test('a body larger than anything Parlor takes is refused', async () => {
      const answer = await request(way, `${widgetPage()}/register`, { origin: way.origin }, `first_name=${'x'.repeat(70_000)}`);
      expect(answer.status).toBe(413);
    });

    test('a form is taken from Parlor’s own page and from no other', async () => {
      // Without Sec-Fetch-Site, as an older browser sends it: then the Host that the proxy passes on decides.
      const wrong = await register({ email: 'forged@example.com' }, { headers: { origin: 'https://evil.example' } });
      expect(wrong.status).toBe(403);
      const empty = await register({ email: 'not an address' }, { headers: { origin: way.origin } });
      expect(empty.status).toBe(422);
    });

    let cookie: string;

    test('a83 registrations are counted by the client’s own address, whatever it claims', async () => {
      const known = await untilFilledIn();
      const from = '127.0.0.2';
      for (let number = 1; number <= burst; number += 1) {
        const taken = await register({ email: `colleague-${number}@example.com`, form: known }, { from });
        expect(taken.status).toBe(303);
        const cookies = taken.headers['set-cookie'] ?? [];
        expect(cookies).toHaveLength(1);
        expect(cookies[0]).toMatch(
          new RegExp(`^__Host-parlor-${deployment.widget}=[^;]+; HttpOnly; SameSite=None; Secure; Path=/;.* Partitioned$`),
        );
        cookie = cookies[0].split(';')[0];
      }
      const claims = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
      await register({ email: 'one-too-many@example.com', form: known }, { from, headers: claims });
      await register({ email: 'elsewhere@example.com', form: known }, { from: '127.0.0.3' });

      const signedIn = await request(
        way,
        '/inbox/sign-in',
        { origin: way.origin, 'sec-fetch-site': 'same-origin' },
        new URLSearchParams({ email: rep.email, password: rep.password }).toString(),
      );
      expect(signedIn.status).toBe(303);
      const repCookie = (signedIn.headers['set-cookie'] ?? [])[0];
      expect(repCookie).toMatch(/^__Host-parlor-rep=[^;]+; HttpOnly; SameSite=Lax; Secure; Path=\//);
      const inbox = await opened('/ws/inbox', { Origin: way.origin, Cookie: repCookie.split(';')[0] });
      inbox.send({ type: 'hello', versions: [1] });
      expect(await inbox.next('welcome')).toMatchObject({ you: { kind: 'rep', name: 'Robin' } });
      inbox.send({ type: 'list' });
      const { conversations } = await inbox.next('list');
      const held = Object.fromEntries(conversations.map((line: any) => [line.email, line.held]));
      expect(held).toEqual({
        'colleague-1@example.com': false,
        'colleague-2@example.com': false,
        'one-too-many@example.com': true,
        'elsewhere@example.com': false,
      });
      inbox.end();
    });

    test('a1 a2 a3 a chat opens from Parlor’s own page and from no other', async () => {
      const address = `/ws/visitor?widget=${deployment.widget}`;
      for (const origin of ['https://evil.example', 'https://www.example.com', 'null', way.origin.replace('https', 'http')]) {
        expect(await Socket.open(way, address, { Origin: origin, Cookie: cookie }), origin).toBe(403);
      }
      expect(await Socket.open(way, address, { Cookie: cookie })).toBe(403);

      const chat = await opened(address, { Origin: way.origin, Cookie: cookie });
      chat.send({ type: 'hello', versions: [1] });
      const { conversation } = await chat.next('welcome');
      chat.send({ type: 'subscribe', conversation });
      expect(await chat.next('page')).toMatchObject({ messages: [], more: false });
      const id = randomUUID();
      // Long enough for a frame with a longer head, so that no proxy's buffer is too small for it.
      chat.send({ type: 'send', conversation, id, text: 'Is anybody there? '.repeat(250) });
      expect(await chat.next('ack')).toMatchObject({ conversation, id, seq: 1 });
      chat.end();
    });

    test('a stop of Parlor reaches an open chat as “come back”, and the proxy answers in the meantime', async () => {
      const chat = await opened(`/ws/visitor?widget=${deployment.widget}`, { Origin: way.origin, Cookie: cookie });
      chat.send({ type: 'hello', versions: [1] });
      await chat.next('welcome');
      const [close, code] = await Promise.all([chat.closed, deployment.stopParlor()]);
      expect(close.code).toBe(1012);
      expect(code).toBe(0);
      expect((await request(way, widgetPage())).status).toBe(502);
    });

    async function opened(address: string, headers: Record<string, string>): Promise<Socket> {
      const socket = await Socket.open(way, address, headers);
      expect(socket, 'the upgrade').toBeInstanceOf(Socket);
      return socket as Socket;
    }

    async function register(
      fields: { email: string; form?: string },
      { from, headers = {} }: { from?: string; headers?: Record<string, string> },
    ): Promise<Answer> {
      const body = new URLSearchParams({ first_name: 'Ada', last_name: 'Lovelace', ...fields }).toString();
      const own = { origin: way.origin, 'sec-fetch-site': 'same-origin' };
      // Headers of the caller's own stand for themselves: an older browser says nothing of Sec-Fetch-Site.
      const sent = 'origin' in headers ? headers : { ...own, ...headers };
      return request({ ...way, from }, `${widgetPage()}/register`, sent, body);
    }

    /** The stamp of a form that was rendered long enough ago for a person to have filled it in. */
    async function untilFilledIn(): Promise<string> {
      const page = await request(way, widgetPage());
      const stamp = /name="form"[^>]*value="([^"]+)"/.exec(page.body)?.[1];
      expect(stamp, 'the stamp in the form').toBeTruthy();
      await new Promise((resolve) => setTimeout(resolve, 900));
      return stamp as string;
    }
  });
}
