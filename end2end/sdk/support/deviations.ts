// Where sandbox, SDK and descriptions are known to disagree, each with the reason. What is not here fails the checks, and so does
// what is here and no longer happens.
import type { Deviation } from './descriptions';

export interface KnownDeviation {
  operation: RegExp;
  what: RegExp;
  reason: string;
}

export const KNOWN_DEVIATIONS: KnownDeviation[] = [];

/** The known deviation that this is. */
export function known(deviation: Deviation): KnownDeviation | undefined {
  return KNOWN_DEVIATIONS.find(({ operation, what }) => operation.test(deviation.operation) && what.test(deviation.what));
}
