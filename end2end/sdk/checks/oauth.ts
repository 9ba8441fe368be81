// OAuth: from the page where a person agrees to a token that is used, refreshed, looked at, expired and revoked.
import assert from 'node:assert/strict';

import { Checks } from '../support/check';
import { refused, refusedWithEnvelope } from '../support/refusal';
import type { Session } from '../support/session';

export const oauth = new Checks('oauth');

const SCOPES = 'oauth crm.objects.contacts.read crm.objects.contacts.write';

/** A person installs the app, and agrees at once. Answers the code. */
async function authorize(session: Session, scope = SCOPES): Promise<string> {
  const { clientId, redirectUri } = session.oauthApp;
  await session.control.post('consent', { consent: 'allow' });
  const page = new URL(session.client.oauth.getAuthorizationUrl(clientId, redirectUri, scope, undefined, 'the state'));
  assert.equal(page.pathname, '/oauth/authorize');
  const answer = await fetch(`${session.url}${page.pathname}${page.search}`, { redirect: 'manual' });
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get('location') ?? '');
  assert.equal(back.origin + back.pathname, redirectUri);
  assert.equal(back.searchParams.get('state'), 'the state');
  const code = back.searchParams.get('code');
  assert.ok(code, 'the address has a code');
  return code;
}

function exchange(session: Session, code: string) {
  const { clientId, clientSecret, redirectUri } = session.oauthApp;
  return session.client.oauth.tokensApi.create('authorization_code', code, redirectUri, clientId, clientSecret);
}

function refresh(session: Session, refreshToken: string) {
  const { clientId, clientSecret } = session.oauthApp;
  return session.client.oauth.tokensApi.create('refresh_token', undefined, undefined, clientId, clientSecret, refreshToken);
}

/** A call of the dated API, which the SDK has no method for. */
async function form(session: Session, path: string, fields: Record<string, string>) {
  const { clientId: client_id, clientSecret: client_secret } = session.oauthApp;
  const answer = await session.client.apiRequest({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id, client_secret, ...fields }).toString(),
    defaultJson: false,
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

oauth.addWith(['oauth app', 'control'], 'a code becomes a token of half an hour, and the token is good', async (session) => {
  const token = await exchange(session, await authorize(session));
  assert.equal(session.last.status, 200);
  assert.equal(token.tokenType, 'bearer');
  assert.equal(token.expiresIn, 1800);
  const client = session.clientWith({ accessToken: token.accessToken });
  const { id } = await client.crm.contacts.basicApi.create({ properties: { email: session.email('ada') } });
  assert.equal((await client.crm.contacts.basicApi.getById(id)).id, id);
  assert.equal(session.last.headers['x-hubspot-ratelimit-daily'], undefined, 'an app has no daily limit');
});

oauth.addWith(['oauth app', 'control'], 'a code is good once', async (session) => {
  const code = await authorize(session);
  await exchange(session, code);
  const { body } = await refused(400, exchange(session, code));
  assert.equal(body.status, 'BAD_AUTH_CODE');
});

oauth.addWith(['oauth app', 'control'], 'a refresh token gives another access token', async (session) => {
  const first = await exchange(session, await authorize(session));
  const second = await refresh(session, first.refreshToken);
  assert.notEqual(second.accessToken, first.accessToken);
  const client = session.clientWith({ accessToken: second.accessToken });
  assert.ok((await client.crm.contacts.basicApi.getPage(1)).results);
});

oauth.addWith(['oauth app', 'control'], 'a token grants only the scopes agreed to', async (session) => {
  const { accessToken } = await exchange(session, await authorize(session, 'oauth crm.objects.contacts.read'));
  const client = session.clientWith({ accessToken });
  await client.crm.contacts.basicApi.getPage(1);
  const write = client.crm.contacts.basicApi.create({ properties: { email: session.email('ada') } });
  const { body } = await refusedWithEnvelope(403, write);
  assert.equal(body.category, 'MISSING_SCOPES');
});

oauth.addWith(['oauth app', 'control'], 'v1 tells about an access token and a refresh token, and revokes the latter', async (session) => {
  const token = await exchange(session, await authorize(session));
  const { accessTokensApi, refreshTokensApi } = session.client.oauth;
  const info = await accessTokensApi.get(token.accessToken);
  assert.equal(info.token, token.accessToken);
  assert.equal(info.tokenType, 'access');
  assert.ok(info.scopes?.includes('crm.objects.contacts.read'));
  assert.equal(typeof info.hubId, 'number');
  assert.ok(info.expiresIn > 1_700 && info.expiresIn <= 1_800);
  const refreshInfo = await refreshTokensApi.get(token.refreshToken);
  assert.equal(refreshInfo.token, token.refreshToken);
  await refreshTokensApi.archive(token.refreshToken);
  assert.equal(session.last.status, 204);
  const { body } = await refused(400, refresh(session, token.refreshToken));
  assert.equal(body.status, 'BAD_REFRESH_TOKEN');
});

oauth.addWith(['oauth app', 'control'], 'the dated API introspects and revokes', async (session) => {
  const token = await exchange(session, await authorize(session));
  const told = await form(session, '/oauth/v3/token/introspect', { token: token.accessToken, token_type_hint: 'access_token' });
  assert.equal(told.status, 200);
  assert.equal(told.body.active, true);
  assert.equal(told.body.token_use, 'access_token');
  const revoked = await form(session, '/oauth/v3/token/revoke', { token: token.refreshToken, token_type_hint: 'refresh_token' });
  assert.ok(revoked.status === 200 || revoked.status === 204, `revoked with ${revoked.status}`);
  const { body } = await refused(400, refresh(session, token.refreshToken));
  assert.equal(body.status, 'BAD_REFRESH_TOKEN');
  const after = await form(session, '/oauth/v3/token/introspect', { token: token.refreshToken, token_type_hint: 'refresh_token' });
  assert.equal(after.body.active, false);
});

oauth.addWith(['oauth app', 'control'], 'a token expires after half an hour, and says since when', async (session) => {
  const token = await exchange(session, await authorize(session));
  await session.control.post('clock', { advance_milliseconds: 1_807_000 });
  const client = session.clientWith({ accessToken: token.accessToken });
  const { body } = await refusedWithEnvelope(401, client.crm.contacts.basicApi.getPage(1));
  assert.equal(body.category, 'EXPIRED_AUTHENTICATION');
  assert.match(body.message ?? '', /^The OAuth token used to make this call expired \d+ second\(s\) ago\.$/);
});

oauth.addWith(['oauth app'], '400: no such refresh token, no such app', async (session) => {
  const { body } = await refused(400, refresh(session, 'na1-0000-0000-0000-000000000000'));
  assert.equal(body.status, 'BAD_REFRESH_TOKEN');
  assert.equal(body.message, 'refresh token is invalid, expired or revoked');
  assert.equal(body.error, 'invalid_grant');
  const stranger = session.client.oauth.tokensApi.create('refresh_token', undefined, undefined, 'nobody', 'nothing', 'na1-0');
  const refusal = await refused(400, stranger);
  assert.equal(refusal.body.status, 'BAD_CLIENT_ID');
});

oauth.addWith(['oauth app', 'control'], 'an app uninstalls itself, and its tokens are worthless', async (session) => {
  const token = await exchange(session, await authorize(session));
  const client = session.clientWith({ accessToken: token.accessToken });
  await client.crm.contacts.basicApi.getPage(1);
  const answer = await client.apiRequest({ method: 'DELETE', path: '/appinstalls/v3/external-install' });
  assert.equal(answer.status, 204);
  assert.equal(session.last.body, '');
  const called = await refusedWithEnvelope(401, client.crm.contacts.basicApi.getPage(1));
  assert.equal(called.body.category, 'INVALID_AUTHENTICATION');
  const refreshed = await refused(400, refresh(session, token.refreshToken));
  assert.equal(refreshed.body.status, 'BAD_REFRESH_TOKEN');
  const told = await form(session, '/oauth/v3/token/introspect', { token: token.accessToken, token_type_hint: 'access_token' });
  assert.deepEqual(told.body, { active: false });

  const again = await exchange(session, await authorize(session));
  await session.clientWith({ accessToken: again.accessToken }).crm.contacts.basicApi.getPage(1);
});

/** What HubSpot tells of a static token, by a call that the SDK has no method for. */
async function tokenInfo(session: Session, tokenKey: string) {
  const path = '/oauth/v2/private-apps/get/access-token-info';
  const answer = await session.client.apiRequest({ method: 'POST', path, body: { tokenKey } });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

oauth.add('a static token is told of: whose it is, and what it may', async (session) => {
  const { status, body } = await tokenInfo(session, session.target.token);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).sort(), ['appId', 'hubId', 'scopes', 'userId']);
  assert.equal(typeof body.appId, 'number');
  assert.equal(typeof body.userId, 'number');
  const details = await (await session.client.apiRequest({ path: '/account-info/v3/details' })).json();
  assert.equal(body.hubId, (details as { portalId: number }).portalId);
  const scopes = body.scopes as string[];
  assert.ok(['crm.objects.contacts.read', 'crm.objects.contacts.write'].every((scope) => scopes.includes(scope)));
});

oauth.addWith(['control'], 'a static token is told of with its own scopes, and not once it is revoked', async (session) => {
  await session.control.post('tokens', { token: 'pat-reader', scopes: ['crm.objects.contacts.read'] });
  assert.deepEqual((await tokenInfo(session, 'pat-reader')).body.scopes, ['crm.objects.contacts.read']);
  await session.control.post('tokens', { token: 'pat-reader' });
  const { status, body } = await tokenInfo(session, 'pat-reader');
  assert.equal(status, 401);
  assert.equal(body.category, 'INVALID_AUTHENTICATION');
});
