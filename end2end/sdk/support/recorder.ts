// A proxy between SDK and target that writes down what crosses it. Calls go through one at a time, so that what one leads to
// (validation, the same call to another sandbox) is done before the next.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Exchange } from './exchange';

/** Headers that belong to one connection, or that the proxy's own libraries set. */
const HOP_BY_HOP = new Set(['connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive', 'transfer-encoding']);

export type Listener = (exchange: Exchange) => Promise<void> | void;

export class Recorder {
  readonly exchanges: Exchange[] = [];
  compared = true;
  judged = true;
  private readonly listeners: Listener[] = [];
  private last: Promise<void> = Promise.resolve();

  private constructor(
    private readonly target: string,
    private readonly server: http.Server,
  ) {}

  static async start(target: string): Promise<Recorder> {
    const server = http.createServer();
    const recorder = new Recorder(target, server);
    server.on('request', (request, response) => {
      recorder.last = recorder.last.then(() => recorder.pass(request, response));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return recorder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Told of each exchange before its answer goes on. */
  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const requestHeaders: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (!HOP_BY_HOP.has(name)) {
        requestHeaders[name] = String(value);
      }
    }
    const exchange: Exchange = {
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      requestHeaders,
      requestBody: Buffer.concat(chunks).toString('utf8'),
      headers: {},
      body: '',
      compared: this.compared,
      judged: this.judged,
    };
    await send(this.target, exchange);
    this.exchanges.push(exchange);
    for (const listener of this.listeners) {
      await listener(exchange);
    }
    if (exchange.status === undefined) {
      response.destroy();
    } else {
      response.writeHead(exchange.status, exchange.headers).end(exchange.body);
    }
  }
}

/** Makes the call of an exchange to a target, and writes the answer into it. */
export async function send(target: string, exchange: Exchange): Promise<void> {
  try {
    const answer = await fetch(target + exchange.path, {
      method: exchange.method,
      headers: exchange.requestHeaders,
      body: exchange.requestBody === '' ? undefined : exchange.requestBody,
      redirect: 'manual',
    });
    const body = await answer.text();
    for (const [name, value] of answer.headers) {
      if (!HOP_BY_HOP.has(name)) {
        exchange.headers[name] = value;
      }
    }
    exchange.status = answer.status;
    exchange.body = body;
  } catch {
    exchange.status = undefined;
  }
}
