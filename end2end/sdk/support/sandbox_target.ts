// A sandbox as a target: its token, its app, and its control calls.
import { Control } from './control';
import { SANDBOX_TOKEN, type Sandbox } from './sandbox';
import type { Target } from './session';

/** `others` are told every control call too. */
export function sandboxTarget(sandbox: Sandbox, others: Sandbox[] = []): Target {
  return {
    token: SANDBOX_TOKEN,
    control: new Control([sandbox, ...others].map(({ url }) => url)),
    oauthApp: { clientId: 'sandbox-client-id', clientSecret: 'sandbox-client-secret', redirectUri: 'http://localhost:3000/oauth/callback' },
    developerApp: { id: 1_160_452, developerApiKey: 'sandbox-developer-key', clientSecret: 'sandbox-client-secret' },
  };
}
