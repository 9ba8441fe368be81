// The same checks against the sandbox ("here") and against HubSpot ("there"), and every difference between them.
import { type Check, lacking } from './check';
import { CleanUp } from './clean_up';
import { differences, plainText } from './compare';
import { type Exchange, title } from './exchange';
import { type Outcome, runCheck } from './run';
import type { Sdk } from './sdk';
import type { Target } from './session';

export interface Place {
  url: string;
  target: Target;
}

export interface Findings {
  /** What differs, a line each, below the check's name. */
  different: Map<string, string[]>;
  /** Checks that were not run there, and what they need. */
  notRun: string[];
  /** What could not be removed from the account. */
  leftBehind: string[];
  compared: number;
}

/** Compares check after check. `say` is told of each when it is done; `stopped` ends it before the next one. */
export async function compare(
  checks: Check[],
  sdk: Sdk,
  { here, there }: { here: Place; there: Place },
  { say, stopped }: { say: (line: string) => void; stopped: () => boolean },
): Promise<Findings> {
  const findings: Findings = { different: new Map(), notRun: [], leftBehind: [], compared: 0 };
  for (const check of checks) {
    if (stopped()) {
      break;
    }
    const needs = lacking(check, there.target);
    if (needs.length > 0) {
      findings.notRun.push(`${check.name} (needs ${needs.join(' and ')})`);
      continue;
    }
    const [ours, theirs] = [await runAndRemove(check, sdk, here), await runAndRemove(check, sdk, there)];
    findings.leftBehind.push(...theirs.leftBehind);
    const found = outcomeDifferences(ours.outcome, theirs.outcome);
    // What stays here would look like a difference in the checks to come.
    found.push(...ours.leftBehind.map((what) => `here ${what}`));
    if (found.length > 0) {
      findings.different.set(check.name, found);
    }
    findings.compared += 1;
    say(`${found.length === 0 ? 'same' : 'DIFFERENT'}  ${check.name}`);
  }
  return findings;
}

async function runAndRemove(check: Check, sdk: Sdk, { url, target }: Place): Promise<{ outcome: Outcome; leftBehind: string[] }> {
  const cleanUp = new CleanUp(url, target.token, target.developerApp);
  const outcome = await runCheck(check, sdk, { url, target }, (exchange) => cleanUp.note(exchange));
  return { outcome, leftBehind: await cleanUp.sweep() };
}

/** Call by call, in the order in which they were made. */
function outcomeDifferences(ours: Outcome, theirs: Outcome): string[] {
  const found: string[] = [];
  const [left, right] = [ours, theirs].map(({ exchanges }) => exchanges.filter(({ compared }) => compared)) as [Exchange[], Exchange[]];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [a, b] = [left[index], right[index]];
    if (a && b) {
      const each = differences({ exchange: a, run: ours.run }, { exchange: b, run: theirs.run }, 'shape');
      found.push(...each.map((difference) => `${plainText(title(a), ours.run)}: ${difference}`));
    }
  }
  if (left.length !== right.length) {
    found.push(`${left.length} calls here, ${right.length} there`);
  }
  for (const [where, { failure }] of [
    ['here', ours],
    ['there', theirs],
  ] as const) {
    if (failure) {
      found.push(`fails ${where}: ${failure.message.replace(/\s+/g, ' ').slice(0, 400)}`);
    }
  }
  return [...new Set(found)];
}
