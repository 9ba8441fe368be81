// Parlor as a person starts it: the built binary with `serve --sandbox`, in an empty folder of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePorts } from './ports';

const run = promisify(execFile);
const binary = path.resolve(process.env.PARLOR_BINARY ?? path.resolve(__dirname, '../../target/release/parlor'));
const PATIENCE_MS = 20_000;

/** What `serve --sandbox` prints. */
interface Printed {
  demo: string;
  inbox: string;
  email: string;
  password: string;
  sandbox: string;
  metrics: string;
}

/** Somebody who may sign in to the inbox. */
export interface Credentials {
  name: string;
  email: string;
  password: string;
}

/** A contact of the sandbox HubSpot. */
export interface Contact {
  id: string;
  properties: Record<string, string | null>;
}

/** What the sandbox's stand-in of HubSpot's chat script recorded. */
export interface ChatRecord {
  visits: { page: string; email: string | null; token: string | null; outcome: string }[];
  calls: { page: string; call: string; arguments: unknown[]; settings: object; ignored: string | null }[];
}

let repsMade = 0;

export class Parlor {
  /** All that it has written, over all its starts. */
  output = '';
  private child?: ChildProcess;
  private ended?: Promise<unknown>;
  private printed?: Printed;

  private constructor(
    readonly folder: string,
    private readonly environment: Record<string, string>,
  ) {}

  /** Starts one on free ports. `settings` are environment variables. */
  static async start(settings: Record<string, string> = {}): Promise<Parlor> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'parlor-end2end-'));
    const [parlor, demo, sandbox, metrics] = await freePorts(4);
    const instance = new Parlor(folder, {
      HOME: folder,
      PATH: process.env.PATH ?? '',
      PARLOR_LISTEN: `127.0.0.1:${parlor}`,
      PARLOR_DEMO_LISTEN: `127.0.0.1:${demo}`,
      PARLOR_SANDBOX_LISTEN: `127.0.0.1:${sandbox}`,
      PARLOR_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      // One browser registers more people in a minute than an office does in an hour.
      PARLOR_REGISTRATION_BURST: '1000',
      // What a test says is to be in HubSpot before it looks for it.
      PARLOR_DELIVERY: 'fast',
      ...settings,
    });
    await instance.launch();
    return instance;
  }

  /** Parlor's own origin. */
  get origin(): string {
    return new URL(this.said.inbox).origin;
  }

  /** The inbox's address. */
  get inbox(): string {
    return this.said.inbox;
  }

  /** The marketing page's address. */
  get demo(): string {
    return this.said.demo;
  }

  /** The sandbox HubSpot's address. */
  get sandbox(): string {
    return this.said.sandbox;
  }

  /** The rep that the demo brings along, with the password of the latest start. */
  get demoRep(): Credentials {
    return { name: 'Robin (demo)', email: this.said.email, password: this.said.password };
  }

  /** Starts the same again: same folder, same ports. */
  async launch(): Promise<void> {
    const child = spawn(binary, ['serve', '--sandbox'], {
      cwd: this.folder,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.ended = once(child, 'close');
    const from = this.output.length;
    const printed = new Promise<Printed>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Parlor did not start in time:\n${this.output}`)), PATIENCE_MS);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`Parlor ended with ${code}:\n${this.output}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.output += text;
          const found = readPrinted(this.output.slice(from));
          if (found) {
            clearTimeout(timer);
            resolve(found);
          }
        });
      }
    });
    this.printed = await printed;
  }

  /** Ends it and waits for the end; answers the exit code, or null when the signal itself ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const { child, ended } = this;
    if (!child || !ended) {
      return null;
    }
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
    }
    await ended;
    return child.exitCode;
  }

  /** Ends it for good and removes its folder. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  /** Runs another command of the program beside the server; answers what it printed. */
  async command(words: string[], settings: Record<string, string> = {}): Promise<string> {
    const database = { DATABASE_URL: 'sqlite:parlor-sandbox.db' };
    const env = { ...this.environment, ...database, ...settings };
    return (await run(binary, words, { cwd: this.folder, env })).stdout;
  }

  /** Adds a rep beside the running server. */
  async addRep(name: string): Promise<Credentials> {
    repsMade += 1;
    const credentials = { name, email: `rep${repsMade}@parlor.example`, password: 'a password for the test' };
    await this.command(['rep', 'add', '--email', credentials.email, '--name', name], {
      PARLOR_REP_PASSWORD: credentials.password,
    });
    return credentials;
  }

  /** Adds a widget beside the running server; answers its key. */
  async addWidget(name: string, origin: string, more: string[] = []): Promise<string> {
    const printed = await this.command(['widget', 'add', '--name', name, '--origin', origin, ...more]);
    return keyIn(printed);
  }

  /** Adds a widget that takes proofs; answers its key and the secret that signs them. */
  async addIdentity(name: string, origin: string, more: string[]): Promise<{ key: string; secret: string }> {
    const key = await this.addWidget(name, origin);
    return { key, secret: await this.changeIdentity(key, more) };
  }

  /** Gives a widget a new secret, and changes what else is said; answers the secret. */
  async changeIdentity(key: string, more: string[]): Promise<string> {
    const printed = await this.command(['widget', 'identity', '--key', key, '--new-secret', ...more]);
    const secret = /^Secret: (\S+)$/m.exec(printed)?.[1];
    if (!secret) {
      throw new Error(`there is no secret in ${printed}`);
    }
    return secret;
  }

  /** Exchanges a proof, as a site's own server may. */
  async exchange(key: string, token: string): Promise<{ status: number; body: Record<string, string> }> {
    const body = JSON.stringify({ token });
    const answer = await fetch(`${this.origin}/api/visitor-token?widget=${key}`, { method: 'POST', body });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  }

  /** What pages did with HubSpot's chat script, and what it was given. */
  async chat(): Promise<ChatRecord> {
    return (await (await fetch(`${this.sandbox}/_control/visits`)).json()) as ChatRecord;
  }

  /** The tokens for visitors that the sandbox created. */
  async hubspotTokens(): Promise<{ token: string; email: string }[]> {
    const answer = await fetch(`${this.sandbox}/_control/visitor-tokens`);
    return Object.values((await answer.json()) as Record<string, never[]>).flat();
  }

  /** The key of the demo page's widget. */
  async demoWidget(): Promise<string> {
    return keyIn(await (await fetch(this.demo)).text());
  }

  /** The sandbox's contact with this address, as its control calls tell it. */
  async contact(email: string): Promise<Contact | undefined> {
    const answer = await fetch(`${this.sandbox}/_control/contacts`);
    const { contacts } = (await answer.json()) as { contacts: Contact[] };
    return contacts.find((contact) => contact.properties.email === email);
  }

  /** Does something to the sandbox from outside. */
  async control(call: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.sandbox}/_control/${call}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) {
      throw new Error(`the sandbox answered ${answer.status} ${await answer.text()}`);
    }
  }

  /** What the sandbox's contact with this address has in its transcript; empty while there is none. */
  async transcript(email: string): Promise<string> {
    return (await this.contact(email))?.properties.chat_transcript ?? '';
  }

  private get said(): Printed {
    if (!this.printed) {
      throw new Error('Parlor has not started yet');
    }
    return this.printed;
  }
}

function keyIn(text: string): string {
  const key = /data-widget="([a-z0-9]+)"/.exec(text)?.[1];
  if (!key) {
    throw new Error(`there is no snippet in ${text}`);
  }
  return key;
}

/** The addresses and the password, once all of them are there. */
function readPrinted(output: string): Printed | undefined {
  const word = (label: string) => new RegExp(`^\\s*${label}\\s+(\\S+)$`, 'm').exec(output)?.[1];
  const printed = {
    demo: word('A marketing page with the chat'),
    inbox: word("Parlor's inbox"),
    email: word('sign in as'),
    password: word('with the password'),
    sandbox: word('The sandbox HubSpot'),
    metrics: word('Metrics'),
  };
  return Object.values(printed).every(Boolean) ? (printed as Printed) : undefined;
}
