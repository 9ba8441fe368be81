// A chat over Parlor's own sockets, as docs/protocol.md describes them: one side, with what it was told.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import WebSocket from 'ws';

/** The least time between a form's coming and its going back that a person needs. */
const FORM_MS = 1_000;
const PATIENCE_MS = 10_000;

interface Frame {
  type: string;
  [field: string]: unknown;
}

export interface Committed {
  seq: number;
  text: string;
  at: number;
  author: { kind: string; name: string };
}

/** A visitor's registration, by the calls that docs/protocol.md lists. Answers the token that goes into `hello`. */
export async function register(
  origin: string,
  widget: string,
  person: { first: string; last: string; email: string },
  page: { url: string },
): Promise<{ token: string; conversation: string }> {
  const form = /name="form"[^>]*value="([^"]+)"/.exec(await (await fetch(`${origin}/widget/${widget}`)).text())?.[1];
  if (!form) {
    throw new Error('the page has no form');
  }
  await wait(FORM_MS);
  const input = { first_name: person.first, last_name: person.last, email: person.email, website: '', form };
  const { registered } = await post<{ registered: { code: string } }>(`${origin}/widget/${widget}/api/visitor/register`, {
    input,
    page,
  });
  return post(`${origin}/widget/${widget}/api/visitor/token`, { code: registered.code });
}

/** A rep's sign-in. Answers the cookie that goes along with the socket. */
export async function signIn(origin: string, { email, password }: { email: string; password: string }): Promise<string> {
  const body = new URLSearchParams({ email, password });
  const answer = await fetch(`${origin}/inbox/sign-in`, { method: 'POST', body, redirect: 'manual' });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (answer.status !== 303 || !cookie) {
    throw new Error(`the sign-in was answered ${answer.status}`);
  }
  return cookie;
}

async function post<Answer>(address: string, body: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${address} answered ${answer.status}: ${text}`);
  }
  return JSON.parse(text) as Answer;
}

export class Side {
  private readonly frames: Frame[] = [];

  private constructor(
    private readonly socket: WebSocket,
    private readonly conversation: string,
  ) {}

  /** Opens a socket, says hello and follows the conversation. */
  static async join(
    origin: string,
    path: string,
    conversation: string,
    { cookie, token }: { cookie?: string; token?: string },
  ): Promise<Side> {
    const headers = { origin, ...(cookie === undefined ? {} : { cookie }) };
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${path}`, { headers, perMessageDeflate: false });
    const side = new Side(socket, conversation);
    socket.on('message', (data) => side.frames.push(JSON.parse(String(data)) as Frame));
    await once(socket, 'open');
    side.write({ type: 'hello', versions: [1], token });
    await side.next('the welcome', ({ type }) => type === 'welcome');
    side.write({ type: 'subscribe', conversation, last_seq: 0 });
    await side.next('the page', ({ type }) => type === 'page');
    return side;
  }

  /** Says something; done when it is on disk. Answers when that was. */
  async say(text: string): Promise<{ seq: number; at: number }> {
    const id = randomUUID();
    this.write({ type: 'send', conversation: this.conversation, id, text });
    const answer = await this.next(`the ack of ${text.slice(0, 40)}`, (frame) => frame.id === id);
    if (answer.type !== 'ack') {
      throw new Error(`Parlor refused: ${JSON.stringify(answer)}`);
    }
    return { seq: answer.seq as number, at: answer.at as number };
  }

  /** Waits for the other side's message with this number. */
  async hears(seq: number): Promise<Committed> {
    const frame = await this.next(`message ${seq}`, ({ type, message }) => type === 'message' && (message as Committed).seq === seq);
    return frame.message as Committed;
  }

  leave(): void {
    this.socket.terminate();
  }

  private write(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  private async next(what: string, wanted: (frame: Frame) => boolean): Promise<Frame> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.frames.find(wanted);
      if (found) {
        return found;
      }
      if (Date.now() > until) {
        throw new Error(`${what} did not come; this did: ${JSON.stringify(this.frames).slice(0, 2_000)}`);
      }
      await wait(20);
    }
  }
}
