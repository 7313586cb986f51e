import fc from 'fast-check';
import { type Drawn, exportPlan } from './server/export-plan.ts';
import { searchPlan, types } from './server/search-plan.ts';

/**
 * The periods of the two exports, of the sync, and of the sync and the export that must find what the others missed.
 */
export const periods = 5;

const lives = fc
  .array(
    fc.record({
      type: fc.constantFrom(...types),
      events: fc.array(fc.constantFrom('none', 'write', 'write', 'delete'), { minLength: periods, maxLength: periods }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((drawn) => drawn.map((life, index) => ({ ...life, id: `r${index}` })));

/**
 * A practice's history, and the server's behaviour in two exports and a sync, each at the end of a period. In later
 * periods the server follows the specification.
 */
export const round = fc.record({ lives, first: exportPlan, second: exportPlan, sync: searchPlan });

export type Round = Drawn<typeof round>;
