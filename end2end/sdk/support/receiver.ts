// A receiver of webhooks, as an integrator writes one: it keeps what comes, and answers 200 or what it is told to.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** One event, with the fields that the kinds of events have in common. */
export interface WebhookEvent {
  eventId: number;
  subscriptionId: number;
  portalId: number;
  appId: number;
  occurredAt: number;
  subscriptionType: string;
  attemptNumber: number;
  objectId: number;
  changeSource?: string;
  changeFlag?: string;
  propertyName?: string;
  propertyValue?: string;
  primaryObjectId?: number;
  mergedObjectIds?: number[];
  newObjectId?: number;
}

export interface Delivery {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  events: WebhookEvent[];
}

const PATIENCE_MS = 20_000;

export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** The answers to come; 200 when there is none. */
  readonly answers: number[] = [];

  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<Receiver> {
    const server = http.createServer();
    const receiver = new Receiver(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '', headers } = request;
      // Twins of the sandbox deliver too, below other paths; answers are told for the first one's.
      const events = JSON.parse(body) as WebhookEvent[];
      receiver.deliveries.push({ method, path: url, headers, body, events });
      response.writeHead(url === PATH ? (receiver.answers.shift() ?? 200) : 200).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  /** The address that is given to HubSpot. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${PATH}`;
  }

  /** What came to the address above. */
  get own(): Delivery[] {
    return this.deliveries.filter(({ path }) => path === PATH);
  }

  /** Waits until what came satisfies this. */
  async until(what: string, satisfied: (deliveries: Delivery[]) => boolean): Promise<Delivery[]> {
    const end = Date.now() + PATIENCE_MS;
    while (!satisfied(this.own)) {
      if (Date.now() > end) {
        throw new Error(`${what} did not come; this did: ${JSON.stringify(this.own.map(({ events }) => events))}`);
      }
      await wait(20);
    }
    return this.own;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Where webhooks of the sandbox that is called go; its twins' are told another, see `tests/suite.ts`. */
export const PATH = '/webhooks/first';
