// A sandbox as a target: its token, its app, and its control calls.
import { Control } from './control';
import { SANDBOX_TOKEN, type Sandbox } from './sandbox';
import type { Target } from './session';

/** `others` are told every control call too. */
export function sandboxTarget(sandbox: Sandbox, others: Sandbox[] = []): Target {
  const clientSecret = '5ec2e700-0000-4000-8000-000000000001';
  return {
    token: SANDBOX_TOKEN,
    control: new Control([sandbox, ...others].map(({ url }) => url)),
    oauthApp: {
      clientId: '5a4db0c5-0000-4000-8000-000000000001',
      clientSecret,
      redirectUri: 'http://localhost:3000/oauth/callback',
    },
    developerApp: { id: 1_000_001, developerApiKey: 'developer-key-sandbox', clientSecret },
  };
}
