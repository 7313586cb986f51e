import type { Random } from '../../random.ts';
import type { Moment } from '../plan/moment.ts';
import type { ChaosSystem } from '../system/start-chaos-system.ts';

export interface ActionContext {
  readonly system: ChaosSystem;
  /** The action's own choices, the same for the same seed. */
  readonly random: Random;
  /** How long a lasting outage lasts. */
  readonly outageMs: number;
  /** Does the harm; the oracle learns from when to when. Healing is done outside of it. */
  strike(harm: () => unknown): Promise<void>;
  /** Something that the round's line should say. */
  note(text: string): void;
}

/** One way to do harm: it strikes at the moment it is run, heals what it struck, and resolves. */
export interface ChaosAction<Kind extends string = string> {
  readonly kind: Kind;
  /** It lasts, so an export may end FAILED over it, loudly. A plain crash must not fail any. */
  readonly mayFailExports: boolean;
  /**
   * It takes a process with all that it knows, or freezes it: what was on its way to that process (the answer to a
   * kick-off) is lost to everybody, and no client can help it.
   */
  readonly takesProcesses: boolean;
  /** Where it is at its worst at a moment that others never hit. */
  readonly drawMoment?: (random: Random) => Moment;
  /** @returns why this machine cannot do it. */
  readonly unavailable?: () => string | undefined;
  run(context: ActionContext): Promise<void>;
}

/** Keeps the literal kind, so that the registry's union is made of them. */
export function defineAction<Kind extends string>(action: ChaosAction<Kind>): ChaosAction<Kind> {
  return action;
}
