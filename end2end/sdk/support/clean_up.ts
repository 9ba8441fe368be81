// Removes what a check left in an account, from what crossed the wire: no check can forget it, and one that fails need not.
import { type Exchange, parsed } from './exchange';
import type { DeveloperApp } from './session';

interface Leftover {
  what: string;
  method: 'DELETE' | 'POST';
  path: string;
  body?: object;
}

/** What an answer tells of something that was created; an upsert says whether it was. */
interface Created {
  id?: string;
  name?: string;
  new?: boolean;
}

const OBJECTS = '/crm/v3/objects';
const PROPERTIES = '/crm/v3/properties';

export class CleanUp {
  private leftovers: Leftover[] = [];

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly developerApp?: DeveloperApp,
  ) {}

  /** Notes what an exchange created. */
  note(exchange: Exchange): void {
    const created = exchange.method === 'POST' && exchange.status !== undefined && exchange.status >= 200 && exchange.status < 300;
    const body = parsed(exchange.body) as Created & { results?: Created[] };
    const [pathname = ''] = exchange.path.split('?');
    if (exchange.method === 'PUT' && exchange.status === 200 && /^\/webhooks\/v3\/\d+\/settings$/.test(pathname)) {
      this.developerLeftover('the settings of webhooks', pathname);
    }
    if (!created) {
      return;
    }
    const each: Created[] = body?.results ?? (body ? [body] : []);
    const [, kind] = /^\/crm\/v3\/objects\/([^/]+)(?:\/batch\/(?:create|upsert))?$/.exec(pathname) ?? [];
    if (kind) {
      each.filter(({ new: isNew }) => isNew !== false).forEach(({ id }) => this.record(kind, id));
    }
    const [, owner, group] = /^\/crm\/v3\/properties\/([^/]+)(\/groups|\/batch\/create)?$/.exec(pathname) ?? [];
    if (owner) {
      const parent = group === '/groups' ? `${PROPERTIES}/${owner}/groups` : `${PROPERTIES}/${owner}`;
      each.forEach(({ name }) => name && this.add({ what: `${parent}/${name}`, method: 'DELETE', path: `${parent}/${name}` }));
    }
    if (/^\/webhooks\/v3\/\d+\/subscriptions$/.test(pathname) && body.id) {
      this.developerLeftover('a subscription', `${pathname}/${body.id}`);
    }
  }

  /** Removes it all, what was made last first; answers what could not be removed, in words. */
  async sweep(): Promise<string[]> {
    const problems: string[] = [];
    for (const { what, method, path, body } of this.leftovers.reverse()) {
      const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
      try {
        const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
        // The check may have removed it itself.
        if (!answer.ok && answer.status !== 404) {
          problems.push(`${what} could not be removed: ${answer.status} ${await answer.text()}`);
        }
      } catch (error) {
        problems.push(`${what} could not be removed: ${String(error)}`);
      }
    }
    this.leftovers = [];
    return problems;
  }

  /** Contacts go for good: an archived one would stay in the account's bin for ninety days. */
  private record(kind: string, id: string | undefined): void {
    if (id === undefined) {
      return;
    }
    const what = `the record ${id} of ${kind}`;
    this.add(
      kind === 'contacts'
        ? { what, method: 'POST', path: `${OBJECTS}/contacts/gdpr-delete`, body: { objectId: id } }
        : { what, method: 'DELETE', path: `${OBJECTS}/${kind}/${id}` },
    );
  }

  private developerLeftover(what: string, pathname: string): void {
    const key = this.developerApp?.developerApiKey ?? '';
    this.add({ what, method: 'DELETE', path: `${pathname}?hapikey=${encodeURIComponent(key)}` });
  }

  private add(leftover: Leftover): void {
    this.leftovers.push(leftover);
  }
}
