// Node 18 or later, no packages. Signs a proof for the user who is signed in at your site.
import { createHmac } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signProof(user, widget, secret) {
  const now = Math.floor(Date.now() / 1000);
  const message = [
    part({ alg: 'HS256', typ: 'JWT' }),
    part({
      sub: String(user.id),
      email: user.email,
      given_name: user.firstName,
      family_name: user.lastName,
      aud: widget,
      iat: now,
      exp: now + 300,
    }),
  ].join('.');
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

const user = { id: 7, email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace' };
console.log(signProof(user, process.env.PARLOR_WIDGET, process.env.PARLOR_WIDGET_SECRET));
