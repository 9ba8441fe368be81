// HubSpot's OpenAPI descriptions, and what an exchange has that they do not allow.
//
// They are no part of Parlor: the folder is named by PARLOR_HUBSPOT_DESCRIPTIONS, by default `shared/specs/hubspot` beside the
// checkout. Where it is not there the checks run without it, and say so.
import fs from 'node:fs';
import path from 'node:path';

import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

import { type Exchange, parsed, title } from './exchange';

export const descriptionsFolder = path.resolve(
  process.env.PARLOR_HUBSPOT_DESCRIPTIONS ?? path.resolve(__dirname, '../../../../shared/specs/hubspot'),
);

type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Json;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, Json>;
}

/** One operation of one description. */
interface Described {
  /** Its name in a list: `GET /crm/v3/objects/contacts/{contactId}`. */
  name: string;
  method: string;
  pattern: RegExp;
  /** How many of its path's parts are open; the fewest win. */
  open: number;
  operation: Operation;
  document: Json;
}

/** Something that the descriptions do not allow. */
export interface Deviation {
  /** The operation, or the call where none is described. */
  operation: string;
  what: string;
  /** The answer's body. */
  body: unknown;
}

export class Descriptions {
  private readonly described: Described[] = [];
  private readonly validators = new Map<Json, ValidateFunction>();
  // Draft-independent keywords only; `example` and its kind stand everywhere in descriptions.
  private readonly ajv = addFormats(new Ajv({ strict: false, allErrors: true, validateFormats: true }));

  /** Reads the folder; `undefined` when it is not there. */
  static load(folder = descriptionsFolder): Descriptions | undefined {
    if (!fs.existsSync(folder)) {
      return undefined;
    }
    const descriptions = new Descriptions();
    for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
      descriptions.add(JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as Json);
    }
    return descriptions;
  }

  private add(document: Json): void {
    close(document);
    for (const [template, operations] of Object.entries(document.paths as Record<string, Record<string, Operation>>)) {
      const pattern = new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '([^/]+)')}$`);
      for (const [method, operation] of Object.entries(operations)) {
        const name = `${method.toUpperCase()} ${template}`;
        const open = template.split('{').length - 1;
        this.described.push({ name, method: method.toUpperCase(), pattern, open, operation, document });
      }
    }
  }

  /** What is wrong with an exchange. */
  check(exchange: Exchange): Deviation[] {
    const [pathname, query] = split(exchange.path);
    const found = this.described
      .filter((each) => each.method === exchange.method && each.pattern.test(pathname))
      .sort((a, b) => a.open - b.open)[0];
    if (!found) {
      const call = title({ method: exchange.method, path: pathname.replace(/\/\d{3,}(?=\/|$)/g, '/{id}') });
      return [{ operation: call, what: 'no description has this call', body: parsed(exchange.body) }];
    }
    const complaints = [
      ...this.checkQuery(found, query),
      ...this.checkRequest(found, exchange),
      ...this.checkAnswer(found, exchange),
    ];
    return complaints.map((what) => ({ operation: found.name, what, body: parsed(exchange.body) }));
  }

  private checkQuery({ operation, document }: Described, query: URLSearchParams): string[] {
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
    const complaints = [...new Set(query.keys())]
      .filter((name) => !declared.some((parameter) => parameter.name === name))
      .map((name) => `request: the query's ${name} is not described`);
    for (const { name, required, schema } of declared) {
      const given = query.getAll(name);
      if (given.length === 0) {
        if (required) {
          complaints.push(`request: the query's ${name} is missing`);
        }
        continue;
      }
      const value = schema.type === 'array' ? given : asTyped(given[0] ?? '', schema.type);
      complaints.push(...this.validate(schema, document, value).map((what) => `request: the query's ${name}${what}`));
    }
    return complaints;
  }

  private checkRequest({ operation, document }: Described, exchange: Exchange): string[] {
    const content = operation.requestBody?.content;
    if (!content) {
      return exchange.requestBody === '' ? [] : ['request: no body is described'];
    }
    const type = exchange.requestHeaders['content-type']?.split(';')[0] ?? '';
    const described = content[type];
    if (!described) {
      return [`request: the content type ${type || '(none)'} is not described`];
    }
    const body =
      type === 'application/x-www-form-urlencoded'
        ? Object.fromEntries(new URLSearchParams(exchange.requestBody))
        : parsed(exchange.requestBody);
    return this.validate(described.schema, document, body).map((what) => `request: body${what}`);
  }

  private checkAnswer({ operation, document }: Described, exchange: Exchange): string[] {
    if (exchange.status === undefined) {
      return ['answer: the connection was closed'];
    }
    const declared = operation.responses[String(exchange.status)];
    if (!declared && exchange.status < 400) {
      return [`answer: the status ${exchange.status} is not described`];
    }
    const response = resolve(declared ?? operation.responses.default ?? {}, document);
    const content = response.content as Record<string, { schema: Json }> | undefined;
    if (!content || Object.keys(content).length === 0) {
      return exchange.body === '' ? [] : [`answer: ${exchange.status} has a body, and none is described`];
    }
    const type = exchange.headers['content-type']?.split(';')[0] ?? '';
    const described = content[type] ?? content['*/*'];
    if (!described) {
      return [`answer: the content type ${type || '(none)'} is not described`];
    }
    const what = this.validate(described.schema, document, parsed(exchange.body));
    return what.map((complaint) => `answer: ${exchange.status} body${complaint}`);
  }

  private validate(schema: Json, document: Json, value: unknown): string[] {
    let validator = this.validators.get(schema);
    if (!validator) {
      validator = this.ajv.compile({ ...schema, components: document.components });
      this.validators.set(schema, validator);
    }
    if (validator(value)) {
      return [];
    }
    const complaints = (validator.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = (params as { additionalProperty?: string }).additionalProperty;
      // Names of records' properties and places in lists do not matter: one complaint stands for all of its kind.
      const place = instancePath.replace(/\/\d+/g, '[]').replace(/\/(properties|context|associations|links)\/[^/]+/g, '/$1/*');
      return extra === undefined ? `${place} ${message}` : `${place} has ${extra}, which is not described`;
    });
    return [...new Set(complaints)];
  }
}

function split(address: string): [string, URLSearchParams] {
  const url = new URL(address, 'http://localhost');
  return [url.pathname, url.searchParams];
}

function asTyped(text: string, type: unknown): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+$/.test(text)) {
    return Number(text);
  }
  return type === 'boolean' && /^(true|false)$/.test(text) ? text === 'true' : text;
}

function resolve(value: Json, document: Json): Json {
  const reference = value.$ref;
  if (typeof reference !== 'string') {
    return value;
  }
  const parts = reference.replace(/^#\//, '').split('/');
  return parts.reduce<Json>((at, part) => at[part] as Json, document);
}

/** Descriptions leave open what else an object may hold; a field that they do not name is worth knowing about all the same. */
function close(value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  const schema = value as Json;
  const named = schema.properties as Json | undefined;
  const lists = schema.type === 'object' && typeof named === 'object' && Object.keys(named).length > 0;
  if (lists && schema.additionalProperties === undefined) {
    schema.additionalProperties = false;
  }
  for (const each of Object.values(schema)) {
    close(each);
  }
}
