// Every check with one version of the SDK, against a sandbox; each call again under the dated paths, against others; and all of
// it against HubSpot's descriptions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { everyCheck } from '../checks';
import { DATED_VERSIONS } from '../support/dated';
import { Descriptions, descriptionsFolder } from '../support/descriptions';
import { known, KNOWN_DEVIATIONS } from '../support/deviations';
import type { Exchange } from '../support/exchange';
import { PATH as RECEIVER } from '../support/receiver';
import { newRunName, runCheck } from '../support/run';
import { Sandbox } from '../support/sandbox';
import { sandboxTarget } from '../support/sandbox_target';
import type { Sdk } from '../support/sdk';
import { Twin } from '../support/twin';

/** Fails when there is any, and tells each once. */
function none(what: string, found: string[]): void {
  const each = [...new Set(found)];
  assert.ok(each.length === 0, `${each.length} ${what}:\n${each.join('\n')}`);
}

export function suite(sdk: Sdk): void {
  describe(`@hubspot/api-client ${sdk.version}`, () => {
    const descriptions = Descriptions.load();
    const exchanges: Exchange[] = [];
    let sandbox: Sandbox;
    let twins: Twin[] = [];

    before(async () => {
      sandbox = await Sandbox.start();
      twins = await Promise.all(DATED_VERSIONS.map(async (version) => new Twin(await Sandbox.start(), version)));
    });

    after(() => Promise.all([sandbox, ...twins.map((twin) => twin.sandbox)].map((each) => each?.stop())));

    for (const check of everyCheck) {
      test(check.name, async () => {
        const target = sandboxTarget(sandbox, twins.map((twin) => twin.sandbox));
        await target.control?.reset();
        await target.control?.post('search-lag', { milliseconds: 0 });
        twins.forEach((twin) =>
          twin.begin([
            [RECEIVER, `/webhooks/${twin.version}`],
            [sandbox.url, twin.sandbox.url],
          ]),
        );
        const run = newRunName();
        const outcome = await runCheck(check, sdk, { url: sandbox.url, target, run }, (exchange) =>
          Promise.all(twins.map((twin) => twin.follow(exchange, run))).then(() => undefined),
        );
        exchanges.push(...outcome.exchanges);
        if (outcome.failure) {
          throw outcome.failure;
        }
      });
    }

    for (const version of DATED_VERSIONS) {
      test(`under ${version} every call is answered as under v3`, () => {
        const twin = twins.find((each) => each.version === version);
        assert.ok(twin && twin.exchanges.length > 0, 'no call was made');
        none('answers that differ', twin.differences);
      });
    }

    test('calls and answers are as HubSpot describes them', (context) => {
      if (!descriptions) {
        context.skip(`there are no descriptions in ${descriptionsFolder}`);
        return;
      }
      // There are no descriptions of 2026-09: its answers are compared with v3's above, which are described.
      const dated = twins.filter(({ version }) => version === '2026-03').flatMap((twin) => twin.exchanges);
      const judged = [...exchanges, ...dated].filter((exchange) => exchange.judged);
      assert.ok(judged.length > 0, 'no call was made');
      const deviations = judged.flatMap((exchange) => descriptions.check(exchange));
      none(
        'deviations without a reason',
        deviations.filter((each) => !known(each)).map(({ operation, what }) => `${operation}: ${what}`),
      );
      const used = new Set(deviations.map(known));
      none('known deviations that did not happen', KNOWN_DEVIATIONS.filter((each) => !used.has(each)).map(({ what, reason }) => `${what}: ${reason}`));
    });
  });
}
