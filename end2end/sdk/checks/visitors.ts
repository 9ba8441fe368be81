// Visitor identification: the tokens that tell HubSpot's chat who is chatting.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';

export const visitors = new Checks('visitor identification');

type Request = Parameters<Session['client']['conversations']['visitorIdentification']['generateApi']['generateToken']>[0];

/** The context is listed as required and is not: HubSpot's documentation leaves it out. */
function visitor(properties: { email: string; firstName?: string; lastName?: string }): Request {
  return properties as unknown as Request;
}

visitors.add('a token is created with 200', async (session) => {
  const { generateApi } = session.client.conversations.visitorIdentification;
  const { token } = await generateApi.generateToken(visitor({ email: session.email('ada'), firstName: 'Ada', lastName: 'Lovelace' }));
  assert.equal(session.last.status, 200);
  assert.ok(token.length > 16);
});

visitors.add('400: no address', async (session) => {
  const { generateApi } = session.client.conversations.visitorIdentification;
  await refusedWithEnvelope(400, generateApi.generateToken(visitor({ email: '' })));
});

visitors.addWith(['control'], '403: below Professional, and without the scope', async (session) => {
  const request = visitor({ email: session.email('ada') });
  await session.control.post('plan', { plan: 'starter' });
  await refusedWithEnvelope(403, session.client.conversations.visitorIdentification.generateApi.generateToken(request));
  await session.control.post('plan', { plan: 'professional' });
  await session.control.post('tokens', { token: 'pat-reader', scopes: ['crm.objects.contacts.read'] });
  const reader = session.clientWith({ accessToken: 'pat-reader' });
  const { body } = await refusedWithEnvelope(403, reader.conversations.visitorIdentification.generateApi.generateToken(request));
  assert.deepEqual(body.errors?.[0]?.context?.requiredGranularScopes, ['conversations.visitor_identification.tokens.create']);
});
