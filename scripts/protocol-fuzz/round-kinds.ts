import type { Arbitrary } from 'fast-check';
import { history } from './history/history.arbitrary.ts';
import { runHistory } from './history/run-history.ts';
import { members } from './members/members.arbitrary.ts';
import { runMembers } from './members/run-members.ts';
import type { RoundKind } from './options.ts';
import type { Finding } from './practice.ts';
import { type Round, round } from './round.arbitrary.ts';
import { runRound } from './run-round.ts';
import { goodPlan } from './server/export-plan.ts';
import { goodSearchPlan } from './server/search-plan.ts';
import type { FuzzedSystem, Slot } from './start-fuzzed-system.ts';

/** Returns what differs from a base of the same shape, so that a shrunk plan shows only the relevant behaviours. */
function differences(value: unknown, base: unknown): unknown {
  if (!isObject(value) || !isObject(base)) return value;
  const entries = Object.keys(value)
    .filter((key) => JSON.stringify(value[key]) !== JSON.stringify(base[key]))
    .map((key) => [key, differences(value[key], base[key])]);
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Kind<Plan> {
  readonly plan: Arbitrary<Plan>;
  readonly run: (system: FuzzedSystem, slot: Slot, plan: Plan) => Promise<Finding[]>;
  /** Shows what matters of a plan. */
  readonly describe: (plan: Plan) => object;
}

export const roundKinds: Readonly<Record<RoundKind, Kind<unknown>>> = {
  protocol: kind({ plan: round, run: runRound, describe: behaviours }),
  history: kind({ plan: history, run: runHistory, describe: (plan) => plan }),
  members: kind({ plan: members, run: runMembers, describe: (plan) => plan }),
};

function kind<Plan>(of: Kind<Plan>): Kind<unknown> {
  return of as unknown as Kind<unknown>;
}

function behaviours({ lives, first, second, sync }: Round): object {
  return {
    lives: lives.map(({ type, id, events }) => `${type}/${id}: ${events.join(', ')}`),
    first: differences(first, goodPlan),
    second: differences(second, goodPlan),
    sync: differences(sync, goodSearchPlan),
  };
}
