// A check: a sentence about HubSpot, and the calls that show it. It says nothing about where it runs: the same check runs
// against the sandbox and against HubSpot.
import type { Need, Session, Target } from './session';

export interface Check {
  name: string;
  needs: Need[];
  run: (session: Session) => Promise<void>;
}

/** A group of checks about one thing. */
export class Checks {
  readonly all: Check[] = [];

  constructor(private readonly area: string) {}

  /** Adds a check that an account and a token are enough for. */
  add(name: string, run: Check['run']): void {
    this.addWith([], name, run);
  }

  /** Adds a check that needs more. */
  addWith(needs: Need[], name: string, run: Check['run']): void {
    this.all.push({ name: `${this.area}: ${name}`, needs, run });
  }
}

/** What a target lacks for a check. */
export function lacking(check: Check, target: Target): Need[] {
  const offers: Record<Need, boolean> = {
    control: target.control !== undefined,
    'oauth app': target.oauthApp !== undefined,
    'developer app': target.developerApp !== undefined,
  };
  return check.needs.filter((need) => !offers[need]);
}
