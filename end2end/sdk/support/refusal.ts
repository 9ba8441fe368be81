// What HubSpot's SDK throws when a call is refused.
import assert from 'node:assert/strict';

export interface Refusal {
  code: number;
  body: {
    status?: string;
    message?: string;
    category?: string;
    subCategory?: string;
    correlationId?: string;
    policyName?: string;
    errorType?: string;
    error?: string;
    context?: Record<string, string[]>;
    errors?: { message: string; code?: string; context?: Record<string, string[]> }[];
    links?: Record<string, string>;
  };
  headers: Record<string, string>;
}

/** Waits for a call to be refused with this status; answers what the SDK throws, its `ApiException`. */
export async function refused(code: number, call: Promise<unknown>): Promise<Refusal> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    const refusal = error as Refusal;
    assert.equal(refusal.code, code, `expected ${code}, got ${String(error)}`);
    return refusal;
  }
  assert.fail(`expected ${code}, but the call was answered: ${JSON.stringify(answer)}`);
}

/** A refusal in HubSpot's envelope: its correlation id is a UUID, and the header's too. */
export async function refusedWithEnvelope(code: number, call: Promise<unknown>): Promise<Refusal> {
  const refusal = await refused(code, call);
  assert.equal(refusal.body.status, 'error');
  assert.match(refusal.body.correlationId ?? '', /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  assert.equal(refusal.headers['x-hubspot-correlation-id'], refusal.body.correlationId);
  return refusal;
}

/** The one value that a 400 says is not valid: HubSpot lists them as JSON inside its message. */
export function invalidValue({ body }: Refusal): { name: string; error: string; message: string; isValid: boolean } {
  assert.equal(body.category, 'VALIDATION_ERROR');
  const list = /^Property values were not valid: (\[.*\])$/s.exec(body.message ?? '')?.[1];
  assert.ok(list, `no list of values in: ${body.message}`);
  const values = JSON.parse(list) as { name: string; error: string; message: string; isValid: boolean }[];
  assert.equal(values.length, 1);
  const [value] = values;
  assert.ok(value);
  assert.equal(value.isValid, false);
  return value;
}
