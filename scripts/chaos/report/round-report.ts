import type { ChaosKind } from '../actions/chaos-kinds.ts';
import type { RoundVerdict } from '../oracle/judge-round.ts';

/** What a round was and came to. */
export interface RoundReport extends RoundVerdict {
  readonly round: number;
  readonly kind: ChaosKind;
  readonly export: 'full' | 'since';
  readonly moment: string;
  readonly faults: readonly string[];
  /** Every export of the round came to an end. */
  readonly hasEnded: boolean;
  readonly outcome: string;
  readonly notes: readonly string[];
  readonly seconds: number;
}
