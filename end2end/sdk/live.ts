// `make test-live`: the checks against a HubSpot developer account, and how it differs from the sandbox. docs/sandbox.md says how.
import { everyCheck } from './checks';
import { compare, type Findings, type Place } from './support/live';
import { Sandbox } from './support/sandbox';
import { sandboxTarget } from './support/sandbox_target';
import { SDKS } from './support/sdk';
import type { DeveloperApp, OauthApp } from './support/session';

/** Kinds of accounts that are there to be tried out. */
const TRIAL_ACCOUNTS = ['DEVELOPER_TEST', 'SANDBOX'];

const environment = process.env;
const say = (line: string) => console.log(line);

/** All of these settings, or nothing when one is not set. */
function settings<Names extends string>(...names: Names[]): Record<Names, string> | undefined {
  const found = names.map((name) => [name, environment[name]] as const);
  return found.every(([, value]) => value) ? (Object.fromEntries(found) as Record<Names, string>) : undefined;
}

function account(token: string): Place {
  const oauth = settings('HUBSPOT_TEST_CLIENT_ID', 'HUBSPOT_TEST_CLIENT_SECRET', 'HUBSPOT_TEST_REDIRECT_URI');
  const developer = settings('HUBSPOT_TEST_APP_ID', 'HUBSPOT_TEST_DEVELOPER_KEY', 'HUBSPOT_TEST_APP_SECRET');
  const oauthApp: OauthApp | undefined = oauth && {
    clientId: oauth.HUBSPOT_TEST_CLIENT_ID,
    clientSecret: oauth.HUBSPOT_TEST_CLIENT_SECRET,
    redirectUri: oauth.HUBSPOT_TEST_REDIRECT_URI,
  };
  const developerApp: DeveloperApp | undefined = developer && {
    id: Number(developer.HUBSPOT_TEST_APP_ID),
    developerApiKey: developer.HUBSPOT_TEST_DEVELOPER_KEY,
    clientSecret: developer.HUBSPOT_TEST_APP_SECRET,
  };
  return {
    url: environment.HUBSPOT_TEST_BASE_URL ?? 'https://api.hubapi.com',
    target: { token, oauthApp, developerApp, limiter: { minTime: 110, maxConcurrent: 6 } },
  };
}

/** Why this account must not be used; nothing when it may. */
async function objection({ url, target }: Place): Promise<string | undefined> {
  const answer = await fetch(`${url}/account-info/v3/details`, { headers: { authorization: `Bearer ${target.token}` } });
  if (!answer.ok) {
    return `${url} does not say what kind of account this is (${answer.status}); is HUBSPOT_TEST_TOKEN good?`;
  }
  const { accountType, portalId } = (await answer.json()) as { accountType: string; portalId: number };
  if (TRIAL_ACCOUNTS.includes(accountType) || environment.HUBSPOT_TEST_ACCOUNT_IS_EXPENDABLE === 'yes') {
    say(`test-live: account ${portalId} (${accountType}) at ${url}`);
    return undefined;
  }
  return (
    `account ${portalId} is of the kind ${accountType}, not a developer test account: the checks create, merge and delete records. ` +
    'If nothing in it is worth keeping, set HUBSPOT_TEST_ACCOUNT_IS_EXPENDABLE=yes.'
  );
}

function tell(version: string, { different, notRun, leftBehind, compared }: Findings): void {
  say(`\n@hubspot/api-client ${version}: ${compared} checks compared, ${different.size} differ ("here" is the sandbox, "there" is HubSpot)`);
  for (const [name, lines] of different) {
    say([`\n${name}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  }
  if (notRun.length > 0) {
    say(['\nnot run:', ...notRun.map((line) => `  ${line}`)].join('\n'));
  }
  if (leftBehind.length > 0) {
    say(['\nleft behind:', ...leftBehind.map((line) => `  ${line}`)].join('\n'));
  }
}

async function main(): Promise<number> {
  const token = environment.HUBSPOT_TEST_TOKEN;
  if (!token) {
    say('test-live: HUBSPOT_TEST_TOKEN is not set, so nothing was compared; docs/sandbox.md says what it needs');
    return 2;
  }
  const there = account(token);
  const refusal = await objection(there);
  if (refusal !== undefined) {
    say(`test-live: ${refusal}`);
    return 2;
  }
  // What was created is removed after each check; a check under way is ended first.
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      say('test-live: stopping after this check');
    });
  }
  const only = environment.HUBSPOT_TEST_ONLY ?? '';
  const checks = everyCheck.filter(({ name }) => name.includes(only));
  const sandbox = await Sandbox.start();
  try {
    // A check must not tell the sandbox what HubSpot cannot be told. The wait for the index is not compared, so it may be short.
    const { control, ...target } = sandboxTarget(sandbox);
    await control?.post('search-lag', { milliseconds: 0 });
    let same = true;
    for (const sdk of SDKS) {
      const findings = await compare(checks, sdk, { here: { url: sandbox.url, target }, there }, { say, stopped: () => stopped });
      tell(sdk.version, findings);
      same &&= findings.different.size === 0 && findings.leftBehind.length === 0 && findings.compared > 0;
    }
    return same && !stopped ? 0 : 1;
  } finally {
    await sandbox.stop();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
