// The proof that a site's server signs about its signed-in user, as docs/identity.md describes it.
import { createHmac, randomUUID } from 'node:crypto';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token for this widget, signed with its secret (HS256); it holds for five minutes. */
export function proofOf(key: string, secret: string, email: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: email, email, aud: key, iat: now, exp: now + 300, jti: randomUUID() };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
