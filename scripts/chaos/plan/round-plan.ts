import { createRandom } from '../../random.ts';
import { type ChaosKind, chaosAction } from '../actions/chaos-kinds.ts';
import { type ChangePlan, drawChanges } from './changes.ts';
import { drawFaults, type FaultOrder } from './faults.ts';
import { drawMoment, type Moment } from './moment.ts';

/** Every random choice of a round. All are made before the round, so that its course cannot change them. */
export interface RoundPlan {
  readonly round: number;
  readonly kind: ChaosKind;
  /** Whether the export requests only what changed since the oldest watermark, or everything. */
  readonly isIncremental: boolean;
  readonly changes: readonly ChangePlan[];
  readonly faults: readonly FaultOrder[];
  readonly moment: Moment;
  /** The seed of the action's own choices. */
  readonly actionSeed: number;
}

/** Draws every kind once, in a random order, before any kind is drawn again. */
export function drawPlans(options: {
  readonly seed: number;
  readonly rounds: number;
  readonly kinds: readonly ChaosKind[];
}): RoundPlan[] {
  const { seed, rounds, kinds } = options;
  const random = createRandom(seed);
  const order: ChaosKind[] = [];
  while (order.length < rounds) order.push(...random.shuffle(kinds));
  return order.slice(0, rounds).map((kind, index) => {
    // Each plan has its own random numbers, so that it does not depend on how many the earlier plans used.
    return drawPlan({ round: index + 1, kind, seed: random.integer(0, 2 ** 32 - 1) });
  });
}

function drawPlan({ round, kind, seed }: { round: number; kind: ChaosKind; seed: number }): RoundPlan {
  const random = createRandom(seed);
  const isIncremental = round % 2 === 0;
  const draw = chaosAction(kind).drawMoment ?? drawMoment;
  const moment = draw(random);
  return {
    round,
    kind,
    isIncremental,
    moment,
    faults: drawFaults(random, moment),
    // A full export does not report deletions, so deletions are made before an incremental one.
    changes: drawChanges({ random, round, withDeletions: isIncremental }),
    actionSeed: random.integer(0, 2 ** 32 - 1),
  };
}
