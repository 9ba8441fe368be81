// A visitor without a browser: the widget's plain forms over HTTP, for conversations that a test needs and does not look at.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import type { Parlor } from './parlor';
import { type Person, untilAPersonCouldHave } from './visitor';

export class PlainVisitor {
  private constructor(
    private readonly address: string,
    private readonly cookie: string,
  ) {}

  /** Registers with the demo page's widget. `trap` fills in the field that no person sees. */
  static async register(parlor: Parlor, { first, last, email }: Person, { trap = '' } = {}): Promise<PlainVisitor> {
    const address = `${parlor.origin}/widget/${await parlor.demoWidget()}`;
    const page = await (await fetch(address)).text();
    const stamp = /name="form"[^>]*value="([^"]+)"/.exec(page)?.[1] ?? '';
    await untilAPersonCouldHave(Date.now());
    const fields = { first_name: first, last_name: last, email, website: trap, form: stamp };
    const answer = await post(`${address}/register`, '', fields);
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
    if (answer.status !== 303 || !cookie) {
      throw new Error(`the registration was answered ${answer.status} ${await answer.text()}`);
    }
    return new PlainVisitor(address, cookie);
  }

  /** Sends a message, as fast as Parlor allows; done when it is on disk. */
  async say(text: string): Promise<void> {
    const fields = { id: randomUUID(), text };
    let answer = await post(`${this.address}/messages`, this.cookie, fields);
    while (answer.status === 429) {
      await setTimeout(Number(answer.headers.get('retry-after')) * 1_000);
      answer = await post(`${this.address}/messages`, this.cookie, fields);
    }
    if (answer.status !== 303) {
      throw new Error(`the message was answered ${answer.status} ${await answer.text()}`);
    }
  }
}

function post(address: string, cookie: string, fields: Record<string, string>): Promise<Response> {
  const origin = new URL(address).origin;
  return fetch(address, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin, cookie },
    body: new URLSearchParams(fields),
  });
}
