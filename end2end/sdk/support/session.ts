// What a check works with: a client of the SDK, and the ways to the target behind it.
import { setTimeout as wait } from 'node:timers/promises';

import type { Control } from './control';
import type { Exchange } from './exchange';
import type { Recorder } from './recorder';
import type { Client, ClientOptions, Sdk } from './sdk';

/** What a check may need beyond an account and a token. */
export type Need = 'control' | 'oauth app' | 'developer app';

/** A public app, which gets its tokens by OAuth. */
export interface OauthApp {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

/** An app that subscribes to webhooks, with the key of the developer account it belongs to. */
export interface DeveloperApp {
  id: number;
  developerApiKey: string;
  clientSecret: string;
}

/** Where checks are run. */
export interface Target {
  token: string;
  control?: Control;
  oauthApp?: OauthApp;
  developerApp?: DeveloperApp;
  /** How fast the client may be. Without it the SDK has no limit of its own. */
  limiter?: NonNullable<ClientOptions>['limiterOptions'];
}

/** How long an index may lag. HubSpot says "a few moments"; people report half a minute. */
const INDEX_PATIENCE_MS = 45_000;

export class Session {
  readonly client: Client;
  private nextSearch = 0;

  constructor(
    readonly sdk: Sdk,
    readonly target: Target,
    private readonly recorder: Recorder,
    /** The name of this run. It stands in everything that a check creates, and no other run has it. */
    readonly run: string,
  ) {
    this.client = this.clientWith({});
  }

  /** Another client of the same target. */
  clientWith(options: ClientOptions): Client {
    const { token, limiter } = this.target;
    return this.sdk.create({ accessToken: token, basePath: this.recorder.url, limiterOptions: limiter, ...options });
  }

  /** The address of the target, by way of the recorder. */
  get url(): string {
    return this.recorder.url;
  }

  /** An address of this run's own. */
  email(name: string): string {
    return `${name}.${this.run}@example.com`;
  }

  /** An internal name of this run's own. */
  propertyName(name: string): string {
    return `${name}_${this.run.replace(/[^a-z0-9]/g, '_')}`;
  }

  get control(): Control {
    return present(this.target.control, 'control');
  }

  get oauthApp(): OauthApp {
    return present(this.target.oauthApp, 'an OAuth app');
  }

  get developerApp(): DeveloperApp {
    return present(this.target.developerApp, "a developer's app");
  }

  /** The call answered last. */
  get last(): Exchange {
    return present(this.recorder.exchanges.at(-1), 'a call');
  }

  /** How many calls were made so far. */
  get calls(): number {
    return this.recorder.exchanges.length;
  }

  /** Asks until the answer is there, for what HubSpot shows only after a while. Then, and only then, ask for comparison. */
  async eventually<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
    const until = Date.now() + INDEX_PATIENCE_MS;
    this.recorder.compared = false;
    try {
      for (;;) {
        const value = await ask();
        if (value !== undefined) {
          return value;
        }
        if (Date.now() > until) {
          throw new Error(`${what} did not happen within ${INDEX_PATIENCE_MS / 1000} seconds`);
        }
        await wait(300);
      }
    } finally {
      this.recorder.compared = true;
    }
  }

  /** Waits until another search is allowed: HubSpot admits five in a second, of the whole account. */
  async searchTurn(): Promise<void> {
    const turn = Math.max(Date.now(), this.nextSearch);
    this.nextSearch = turn + 250;
    await wait(turn - Date.now());
  }

  /** Makes calls whose answers come from a fault rule, about which the descriptions are not asked. */
  async withFaults<Value>(calls: () => Promise<Value>): Promise<Value> {
    this.recorder.judged = false;
    try {
      return await calls();
    } finally {
      this.recorder.judged = true;
    }
  }
}

function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) {
    throw new Error(`this target has no ${what}: say so in the check's needs`);
  }
  return value;
}
