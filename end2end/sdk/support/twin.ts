// A second sandbox that is told everything the first one is told, under a dated version's paths, and must answer the same.
import { differences } from './compare';
import { type DatedVersion, datedPath } from './dated';
import { type Exchange, parsed, title } from './exchange';
import { send } from './recorder';
import type { Sandbox } from './sandbox';

/** Fields whose values a sandbox makes up. */
const NAMES = /^(id|hs_object_id)$|token$|(Id|Ids)$/i;

export class Twin {
  /** Its exchanges under dated paths. */
  readonly exchanges: Exchange[] = [];
  /** Where it answered otherwise. */
  readonly differences: string[] = [];
  /** What the first sandbox made up, and what this one made up in its place: tokens, codes, ids. */
  private names: [string, string][] = [];

  constructor(
    readonly sandbox: Sandbox,
    readonly version: DatedVersion,
  ) {}

  /** Forgets what was learnt, after a reset. `names` is what the two are told differently, such as an address of a receiver. */
  begin(names: [string, string][] = []): void {
    this.names = names;
  }

  /** Makes the same call here, and compares the answers. */
  async follow(original: Exchange, run: string): Promise<void> {
    const dated = datedPath(original.path, this.version);
    const exchange: Exchange = {
      ...original,
      path: this.inOurNames(dated ?? original.path),
      requestHeaders: Object.fromEntries(
        Object.entries(original.requestHeaders).map(([name, value]) => [name, this.inOurNames(value)]),
      ),
      requestBody: this.inOurNames(original.requestBody),
      headers: {},
      body: '',
    };
    await send(this.sandbox.url, exchange);
    this.learn(parsed(original.body), parsed(exchange.body));
    this.learnFromLocation(original.headers.location, exchange.headers.location);
    if (dated === undefined || !original.compared) {
      return;
    }
    this.exchanges.push(exchange);
    const theirs = { ...exchange, body: this.inTheirNames(exchange.body) };
    const found = differences({ exchange: original, run }, { exchange: theirs, run }, 'exact');
    this.differences.push(...found.map((difference) => `${title(original)} under ${this.version}: ${difference}`));
  }

  private inOurNames(text: string): string {
    return this.names.reduce((changed, [theirs, ours]) => changed.replaceAll(theirs, ours), text);
  }

  /** Back again. The next page's address is the one text in which an answer names its own path. */
  private inTheirNames(text: string): string {
    const named = this.names.reduce((changed, [theirs, ours]) => changed.replaceAll(ours, theirs), text);
    const version = this.version;
    return named.replace(new RegExp(`/crm/(objects|properties)/${version}/`, 'g'), '/crm/v3/$1/');
  }

  /** Ids, tokens and codes that stand in the same place and differ are names for the same thing. */
  private learn(theirs: unknown, ours: unknown, field = ''): void {
    if (typeof theirs === 'string' && typeof ours === 'string') {
      const isName = theirs.length >= 8 && (NAMES.test(field) || field === 'code');
      if (theirs !== ours && isName && !this.names.some(([known]) => known === theirs)) {
        this.names.push([theirs, ours]);
      }
    } else if (typeof theirs === 'object' && typeof ours === 'object' && theirs !== null && ours !== null) {
      for (const [name, value] of Object.entries(theirs)) {
        this.learn(value, (ours as Record<string, unknown>)[name], Array.isArray(theirs) ? field : name);
      }
    }
  }

  private learnFromLocation(theirs: string | undefined, ours: string | undefined): void {
    if (theirs && ours) {
      const query = (address: string) => Object.fromEntries(new URL(address, 'http://localhost').searchParams);
      this.learn(query(theirs), query(ours));
    }
  }
}
