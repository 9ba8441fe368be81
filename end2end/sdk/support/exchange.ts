// One call and its answer, as they crossed the wire.

export interface Exchange {
  method: string;
  /** Path and query, as sent. */
  path: string;
  requestHeaders: Record<string, string>;
  requestBody: string;
  /** Absent where the connection was closed without a whole answer. */
  status?: number;
  headers: Record<string, string>;
  body: string;
  /** Whether it counts when two targets are compared. Polling does not: how often one asks depends on the target's pace. */
  compared: boolean;
  /** Whether the descriptions are asked about it. An answer that a check put in the sandbox's mouth says nothing about it. */
  judged: boolean;
}

/** A body as JSON where it is JSON, as text otherwise; `undefined` when there is none. */
export function parsed(body: string): unknown {
  if (body === '') {
    return undefined;
  }
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** How a list of exchanges names one: `GET /crm/v3/objects/contacts/1`. */
export function title(exchange: Pick<Exchange, 'method' | 'path'>): string {
  return `${exchange.method} ${exchange.path}`;
}
