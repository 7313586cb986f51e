import type { Random } from '../../random.ts';
import type { TestSystem } from '../../test-system/start-test-system.ts';
import type { Moment } from '../plan/moment.ts';

export interface ActionContext {
  readonly system: TestSystem;
  /** The action's own choices. The same seed makes the same choices. */
  readonly random: Random;
  /** The duration of a lasting outage. */
  readonly outageMs: number;
  /** Injects the fault and records its start and end for the oracle. The recovery happens outside of it. */
  disrupt(fault: () => unknown): Promise<void>;
  /** Adds a text to the round's line. */
  note(text: string): void;
}

/** One kind of fault. `run` injects it at once, recovers from it, and then resolves. */
export interface ChaosAction<Kind extends string = string> {
  readonly kind: Kind;
  /** Whether an export may end FAILED because of it, since it lasts. A short crash must not fail any export. */
  readonly mayFailExports: boolean;
  /**
   * Whether it kills or freezes a process with all that the process knows. An answer on its way to that process (such
   * as the answer to a kick-off) is then lost, and no client can prevent that.
   */
  readonly takesProcesses: boolean;
  /** Draws the moment of the fault, if a random moment would almost never hit the critical one. */
  readonly drawMoment?: (random: Random) => Moment;
  /** @returns why this machine cannot inject it */
  readonly unavailable?: () => string | undefined;
  run(context: ActionContext): Promise<void>;
}

/** Keeps the literal kind, so that the kinds of the registry form a union. */
export function defineAction<Kind extends string>(action: ChaosAction<Kind>): ChaosAction<Kind> {
  return action;
}
