import fc from 'fast-check';
import type { Drawn } from '../server/export-plan.ts';

/** The index of a resource or a patient, modulo their number. */
const index = fc.nat(20);

/**
 * What happens to a Group and its patients before an export of it. Members leave only before an export of everything, because one of changes cannot show who has left:
 * a member who leaves and is back before the next export of everything is a known limit.
 */
const step = fc.record({
  events: fc.array(fc.record({ resource: index, kind: fc.constantFrom('write', 'write', 'delete') }), { maxLength: 5 }),
  joins: fc.array(index, { maxLength: 2 }),
  leaves: fc.array(index, { maxLength: 2 }),
  run: fc.constantFrom('last', 'last', 'last', 'full'),
});

export const members = fc.record({
  patients: fc.integer({ min: 2, max: 5 }),
  /** How many are members at the first export, modulo the number of patients. */
  first: index,
  /** Whether the EHR exports single patients. */
  knowsPatient: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
});

export type Members = Drawn<typeof members>;
export type MembersStep = Members['steps'][number];
