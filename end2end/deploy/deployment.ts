// A deployment as docs/deploy.md describes it: Parlor with docs/deploy/parlor.toml behind nginx or Caddy with the file beside it.
// Only what differs between a server and this machine is put in its place: names, ports, certificates, folders.
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort, Program } from './processes';

export const documents = path.resolve(__dirname, '../../docs');
const parlorBinary = path.resolve(process.env.PARLOR_BINARY ?? path.resolve(__dirname, '../../target/release/parlor'));
const run = promisify(execFile);

export type ProxyName = 'nginx' | 'Caddy';

export const rep = { email: 'robin@example.com', password: 'a password for the test' };

/** Registrations of one network that pass at once in this deployment. */
export const burst = 2;

export class Deployment {
  private constructor(
    readonly origin: string,
    readonly plainPort: number,
    readonly authority: string,
    readonly widget: string,
    readonly metrics: string,
    private readonly folder: string,
    private readonly parlor: Program,
    private readonly proxy: Program,
  ) {}

  static async start(name: ProxyName): Promise<Deployment> {
    const started: Program[] = [];
    try {
      return await Deployment.build(name, started);
    } catch (error) {
      await Promise.all(started.map((program) => program.stop()));
      throw error;
    }
  }

  private static async build(name: ProxyName, started: Program[]): Promise<Deployment> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'parlor-deploy-'));
    // nginx's workers are not root, and look for their folders below this one.
    await fs.chmod(folder, 0o755);
    const [parlorPort, metricsPort, tlsPort, plainPort] = await Promise.all([0, 0, 0, 0].map(freePort));
    const origin = `https://localhost:${tlsPort}`;

    await example('parlor.toml', path.join(folder, 'parlor.toml'), [
      ['https://chat.example.com', origin],
      ['/var/lib/parlor', folder],
    ]);
    const environment = {
      PARLOR_LISTEN: `127.0.0.1:${parlorPort}`,
      PARLOR_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
      PARLOR_REGISTRATION_BURST: `${burst}`,
      PARLOR_REGISTRATION_REFILL_SECONDS: '3600',
    };
    const config = ['--config', path.join(folder, 'parlor.toml')];
    const parlor = await Program.start('Parlor', parlorBinary, ['serve', ...config], {
      folder,
      environment,
      ports: [parlorPort, metricsPort],
    });
    started.push(parlor);
    // It listens before its database is there, so that a port in use changes nothing.
    await parlor.says(`${origin}/inbox`);
    const tell = (...words: string[]) =>
      run(parlorBinary, [...words, ...config], {
        cwd: folder,
        env: { ...environment, PARLOR_REP_PASSWORD: rep.password },
      });
    await tell('rep', 'add', '--email', rep.email, '--name', 'Robin');
    const snippet = await tell('widget', 'add', '--name', 'Example', '--origin', 'https://www.example.com');
    const widget = /data-widget="([a-z0-9]+)"/.exec(snippet.stdout)?.[1];
    if (!widget || !snippet.stdout.includes(`src="${origin}/w/${widget}/embed.js"`)) {
      throw new Error(`parlor widget add printed no snippet for ${origin}: ${snippet.stdout}`);
    }

    const ports = { parlor: parlorPort, tls: tlsPort, plain: plainPort };
    const { proxy, authority } = await (name === 'nginx' ? nginx(folder, ports) : caddy(folder, ports));
    started.push(proxy);
    const metrics = `http://127.0.0.1:${metricsPort}/metrics`;
    return new Deployment(origin, plainPort, authority, widget, metrics, folder, parlor, proxy);
  }

  /** Stops Parlor and leaves the proxy alone; answers Parlor's exit code. */
  stopParlor(): Promise<number | null> {
    return this.parlor.stop();
  }

  async stop(): Promise<void> {
    await Promise.all([this.parlor.stop(), this.proxy.stop()]);
    await fs.rm(this.folder, { recursive: true, force: true });
  }
}

interface Ports {
  parlor: number;
  tls: number;
  plain: number;
}

async function nginx(folder: string, ports: Ports): Promise<{ proxy: Program; authority: string }> {
  const certificate = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
  ]);
  const site = path.join(folder, 'site.conf');
  await example('nginx.conf', site, [
    ['/etc/letsencrypt/live/chat.example.com/fullchain.pem', certificate],
    ['/etc/letsencrypt/live/chat.example.com/privkey.pem', key],
    ['https://chat.example.com$request_uri', `https://localhost:${ports.tls}$request_uri`],
    ['server_name chat.example.com;', 'server_name localhost;'],
    ['listen 80;', `listen 127.0.0.1:${ports.plain};`],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${ports.tls} ssl http2;`],
    // Not every machine that runs the tests has IPv6.
    ['listen [::]:80;', ''],
    ['listen [::]:443 ssl http2;', ''],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${ports.parlor};`],
  ]);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ');
  // What Debian's /etc/nginx/nginx.conf puts around a site, as far as a site needs it.
  await fs.writeFile(
    path.join(folder, 'nginx.conf'),
    `pid ${folder}/nginx.pid; error_log stderr; events {} http { access_log off; ${temporary} include ${site}; }`,
  );
  const parameters = ['-e', 'stderr', '-p', folder, '-c', path.join(folder, 'nginx.conf'), '-g', 'daemon off;'];
  const proxy = await Program.start('nginx', 'nginx', parameters, { folder, ports: [ports.tls, ports.plain] });
  return { proxy, authority: await fs.readFile(certificate, 'utf8') };
}

async function caddy(folder: string, ports: Ports): Promise<{ proxy: Program; authority: string }> {
  const file = path.join(folder, 'Caddyfile');
  await example('Caddyfile', file, [
    ['chat.example.com {', 'localhost {'],
    ['127.0.0.1:3000', `127.0.0.1:${ports.parlor}`],
  ]);
  // For a name like localhost Caddy is its own certificate authority; nothing is added to the machine's trust.
  const options = [
    ...['admin off', 'skip_install_trust', 'default_bind 127.0.0.1', `storage file_system ${folder}/caddy`],
    ...[`https_port ${ports.tls}`, `http_port ${ports.plain}`],
  ];
  await fs.writeFile(file, `{\n${options.join('\n')}\n}\n${await fs.readFile(file, 'utf8')}`);
  const parameters = ['run', '--config', file, '--adapter', 'caddyfile'];
  const proxy = await Program.start('Caddy', 'caddy', parameters, { folder, ports: [ports.tls, ports.plain] });
  const root = path.join(folder, 'caddy/pki/authorities/local/root.crt');
  return { proxy, authority: await fs.readFile(root, 'utf8') };
}

/** Copies an example, with what differs here put in its place; each of these must stand in it. */
async function example(name: string, target: string, places: [string, string][]): Promise<void> {
  let text = await fs.readFile(path.join(documents, 'deploy', name), 'utf8');
  for (const [there, here] of places) {
    if (!text.includes(there)) {
      throw new Error(`docs/deploy/${name} no longer says ${there}: this test must follow it`);
    }
    text = text.replaceAll(there, here);
  }
  const left = text.split('\n').find((line) => line.includes('example.com') && !line.trimStart().startsWith('#'));
  if (left) {
    throw new Error(`docs/deploy/${name} says ${left.trim()}, which this test does not put in its place`);
  }
  await fs.writeFile(target, text);
}
