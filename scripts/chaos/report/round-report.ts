import type { ChaosKind } from '../actions/chaos-kinds.ts';
import type { RoundVerdict } from '../oracle/verify-round.ts';

/** The plan of a round and its result. */
export interface RoundReport extends RoundVerdict {
  readonly round: number;
  readonly kind: ChaosKind;
  readonly export: 'full' | 'since';
  readonly moment: string;
  readonly faults: readonly string[];
  /** Whether every export of the round ended. */
  readonly hasEnded: boolean;
  readonly outcome: string;
  readonly notes: readonly string[];
  readonly seconds: number;
}
