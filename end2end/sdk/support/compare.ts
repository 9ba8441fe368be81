// Two answers to one call, compared: what differs for good reasons (ids, times, tokens) is made alike first.
import { type Exchange, parsed } from './exchange';

/** How closely: `exact` compares every value; `shape` compares what is there and of which kind, and the words of errors. */
export type Closeness = 'exact' | 'shape';

/** Headers that a client may rely on. Of the others neither presence nor value is compared. */
const HEADERS = [
  'content-type',
  'retry-after',
  'x-hubspot-auth-failure',
  'x-hubspot-correlation-id',
  'x-hubspot-ratelimit-daily',
  'x-hubspot-ratelimit-daily-remaining',
  'x-hubspot-ratelimit-interval-milliseconds',
  'x-hubspot-ratelimit-max',
  'x-hubspot-ratelimit-remaining',
];

/** Fields whose words a client reads. They are compared even where only the shape is. */
const WORDS = new Set(['category', 'errorType', 'error', 'message', 'new', 'numErrors', 'policyName', 'status', 'subCategory']);

const ID_FIELDS = /^(id|vid|after|code)$|(_id|Id|Ids)$/;
const TOKEN_FIELDS = /(token|signature)$/i;
const SECONDS_FIELDS = /^(expires_in)$/;

/** A text without what changes from run to run. */
export function plainText(text: string, run: string): string {
  return text
    .replaceAll(run, '<run>')
    .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, '<uuid>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\d+ second\(s\)/g, '<n> second(s)')
    .replace(/\b\d{6,}\b/g, '<number>');
}

/** A value without what changes from run to run. */
export function plain(value: unknown, run: string, field = ''): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => plain(each, run, field));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [plainText(name, run), plain(each, run, name)]),
    );
  }
  if (typeof value === 'string') {
    const isId = ID_FIELDS.test(field) && /^\d+$/.test(value);
    return isId ? '<number>' : TOKEN_FIELDS.test(field) ? '<token>' : plainText(value, run);
  }
  if (typeof value === 'number') {
    return ID_FIELDS.test(field) || SECONDS_FIELDS.test(field) || value >= 100_000 ? '<number>' : value;
  }
  return value;
}

/** What differs between two answers to the same call, a line each. Each side has a name of its run, which stands in its addresses. */
export function differences(
  ours: { exchange: Exchange; run: string },
  theirs: { exchange: Exchange; run: string },
  closeness: Closeness,
): string[] {
  const found: string[] = [];
  const [a, b] = [ours.exchange, theirs.exchange];
  if (a.status !== b.status) {
    found.push(`status: ${a.status ?? 'no answer'} here, ${b.status ?? 'no answer'} there`);
  }
  for (const name of HEADERS) {
    const [here, there] = [a.headers[name], b.headers[name]];
    const valueCounts = name === 'content-type' || name === 'x-hubspot-auth-failure';
    if ((here === undefined) !== (there === undefined) || (valueCounts && squeezed(here) !== squeezed(there))) {
      found.push(`header ${name}: ${here ?? 'none'} here, ${there ?? 'none'} there`);
    }
  }
  const [left, right] = [plain(parsed(a.body), ours.run), plain(parsed(b.body), theirs.run)];
  compareValues(left, right, '', closeness, found);
  return found;
}

function squeezed(header: string | undefined): string | undefined {
  return header?.toLowerCase().replaceAll(' ', '');
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function compareValues(here: unknown, there: unknown, at: string, closeness: Closeness, found: string[]): void {
  if (closeness === 'shape' && at === '.paging' && (here === undefined || there === undefined)) {
    return; // Whether there is another page is a matter of what else the account holds.
  }
  if (kind(here) !== kind(there)) {
    found.push(`body${at}: ${shown(here)} here, ${shown(there)} there`);
  } else if (Array.isArray(here) && Array.isArray(there)) {
    compareArrays(here, there, at, closeness, found);
  } else if (typeof here === 'object' && here !== null) {
    const [left, right] = [here as Record<string, unknown>, there as Record<string, unknown>];
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      compareValues(left[name], right[name], `${at}.${name}`, closeness, found);
    }
  } else if (here !== there && (closeness === 'exact' || WORDS.has(at.slice(at.lastIndexOf('.') + 1)))) {
    found.push(`body${at}: ${shown(here)} here, ${shown(there)} there`);
  }
}

/** In shape, the entries of an array are alike: the first of one stands for all of them. */
function compareArrays(here: unknown[], there: unknown[], at: string, closeness: Closeness, found: string[]): void {
  if (closeness === 'shape') {
    if (here.length > 0 && there.length > 0) {
      compareValues(here[0], there[0], `${at}[]`, closeness, found);
    }
    return;
  }
  if (here.length !== there.length) {
    found.push(`body${at}: ${here.length} entries here, ${there.length} there`);
  }
  for (let index = 0; index < Math.min(here.length, there.length); index += 1) {
    compareValues(here[index], there[index], `${at}[${index}]`, closeness, found);
  }
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
