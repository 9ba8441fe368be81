// One check against one target, with everything that crossed the wire.
import { randomBytes } from 'node:crypto';

import type { Check } from './check';
import type { Exchange } from './exchange';
import { type Listener, Recorder } from './recorder';
import type { Sdk } from './sdk';
import { Session, type Target } from './session';

export interface Outcome {
  exchanges: Exchange[];
  /** The name of the run, which stands in all that the check created. */
  run: string;
  /** Why the check failed, if it did. */
  failure?: Error;
}

/** A name that no other run has: letters and digits only, so that it may stand in addresses and in internal names. */
export function newRunName(): string {
  return `sdkrun${randomBytes(5).toString('hex')}x`;
}

/** `listener` is told of each exchange before the SDK has its answer. */
export async function runCheck(
  check: Check,
  sdk: Sdk,
  { url, target, run = newRunName() }: { url: string; target: Target; run?: string },
  listener: Listener = () => undefined,
): Promise<Outcome> {
  const recorder = await Recorder.start(url);
  recorder.listen(listener);
  const outcome: Outcome = { exchanges: recorder.exchanges, run };
  try {
    await check.run(new Session(sdk, target, recorder, run));
  } catch (error) {
    outcome.failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    await recorder.stop();
  }
  return outcome;
}
