// The same with a private key, so that Parlor holds nothing that could sign:
//   openssl genpkey -algorithm ed25519 -out proof.pem
//   openssl pkey -in proof.pem -pubout -out proof.pub.pem   (this one goes to parlor widget identity --public-key)
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signProof(user, widget, privateKey) {
  const now = Math.floor(Date.now() / 1000);
  const message = [
    part({ alg: 'EdDSA', typ: 'JWT' }),
    part({ sub: String(user.id), email: user.email, aud: widget, iat: now, exp: now + 300 }),
  ].join('.');
  return `${message}.${sign(null, Buffer.from(message), privateKey).toString('base64url')}`;
}

const privateKey = createPrivateKey(readFileSync(process.env.PROOF_KEY_FILE));
console.log(signProof({ id: 7, email: 'ada@example.com' }, process.env.PARLOR_WIDGET, privateKey));
