import fc from 'fast-check';
import { type Drawn, mostly } from '../server/export-plan.ts';

const hourMs = 3_600_000;

/**
 * The EHR's clock during a step. A clock that is behind is so by more than the time of a round, and by less than the day
 * that `nextDeletionsAt` tolerates.
 */
const clock = mostly(
  { offsetMs: 0, rate: 1 },
  fc.constantFrom(
    { offsetMs: 9 * 60_000, rate: 1 },
    { offsetMs: 3 * hourMs, rate: 1 },
    { offsetMs: 26 * hourMs, rate: 1 },
    { offsetMs: -6 * hourMs, rate: 1 },
    { offsetMs: -20 * hourMs, rate: 1 },
    { offsetMs: 0, rate: 1.1 },
    { offsetMs: 0, rate: 0.9 },
  ),
);

const worker = fc.constantFrom(0, 1);
const ending = fc.constantFrom('continue', 'continue', 'kill');

/** A worker that is stopped. The time is real, and twenty times as long by the clock of the processes. */
const stop = fc.record({
  worker,
  forMs: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 100, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 3000, max: 20_000 }) },
  ),
  ending,
});

/** The index of a resource or a patient, modulo their number. */
const index = fc.nat(20);
const event = fc.record({ resource: index, kind: fc.constantFrom('write', 'write', 'delete') });
/** The EHR corrects the patient of a resource, or merges another patient into a patient. */
const correction = fc.record({ resource: index, kind: fc.constant('correct'), to: index });

const step = fc.record({
  clock,
  backup: mostly('none', fc.constantFrom('take', 'take', 'restore')),
  events: fc.array(fc.oneof({ weight: 3, arbitrary: event }, { weight: 1, arbitrary: correction }), { maxLength: 6 }),
  /** `cancelled`: an export that is cancelled when it has begun to store. */
  run: fc.constantFrom('full', 'last', 'last', 'last', 'sync', 'sync', 'none', 'cancelled'),
  /** Changes between the pages of a sync. `resource` is the index of a match of the search. */
  betweenPages: fc.array(event, { maxLength: 2 }),
  /** Erased before the run, which starts while the erasure is under way, or after it. */
  erasure: mostly(undefined, fc.record({ patient: index, keepsOut: fc.boolean(), isAfterRun: fc.boolean() })),
  /** A worker is stopped during the run. */
  stop: mostly(undefined, stop),
});

/**
 * What happens at an EHR and between its exports, syncs and erasures. In the end everything works correctly again, and
 * a full export and two exports with `since: "last"` follow. Then the connection is purged.
 */
export const history = fc.record({
  patients: fc.integer({ min: 1, max: 3 }),
  resources: fc.array(fc.constantFrom('Observation', 'Observation', 'Condition', 'DiagnosticReport'), {
    minLength: 3,
    maxLength: 12,
  }),
  /** More Observations, so that workers write for a while. */
  fillers: fc.constantFrom(0, 0, 300, 600),
  localHours: mostly(0, fc.constantFrom(8, -5)),
  deletions: fc.constantFrom('one-each', 'all-in-one', 'history', 'reference'),
  search: fc.record({ pageSize: fc.integer({ min: 1, max: 3 }), total: fc.constantFrom('right', 'absent') }),
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  purge: fc.record({
    isDuringExport: fc.constantFrom(true, true, false),
    /** A worker is stopped until the purge is completed or waits only for it. */
    stop: fc.option(fc.record({ worker, ending }), { nil: undefined, freq: 2 }),
  }),
});

export type History = Drawn<typeof history>;
export type HistoryStep = History['steps'][number];
export type HistoryEvent = HistoryStep['events'][number];
export type WorkerStop = Drawn<typeof stop>;
