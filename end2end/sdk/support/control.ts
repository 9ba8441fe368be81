// What a check does to sandboxes from outside: their control calls, made to all of them alike.

export class Control {
  /** `addresses`: the sandbox that is called, then those that are to stay in step with it. */
  constructor(private readonly addresses: string[]) {}

  /** Calls `/_control/<call>` of each; answers what the first one answered. */
  async call<Answer = unknown>(method: string, call: string, body?: unknown): Promise<Answer> {
    const answers = await Promise.all(
      this.addresses.map(async (address) => {
        const answer = await fetch(`${address}/_control/${call}`, {
          method,
          headers: { 'content-type': 'application/json' },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await answer.text();
        if (!answer.ok) {
          throw new Error(`the sandbox answered ${method} ${call} with ${answer.status}: ${text}`);
        }
        return text;
      }),
    );
    return (answers[0] ? JSON.parse(answers[0]) : undefined) as Answer;
  }

  post<Answer = unknown>(call: string, body?: unknown): Promise<Answer> {
    return this.call('POST', call, body);
  }

  reset(): Promise<unknown> {
    return this.post('reset');
  }

  /** Adds a fault rule, as the sandbox's README describes them. */
  fault(rule: object): Promise<unknown> {
    return this.post('faults', rule);
  }
}
