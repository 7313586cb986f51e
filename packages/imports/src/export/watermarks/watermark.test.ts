import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyCheckpoint } from '../output-file.record.ts';
import type { Coverage } from './watermark.record.ts';
import { everyType, isPartial } from './watermark.record.ts';
import {
  decideWatermarks,
  type ExportEvidence,
  joinsStoredData,
  nextDeletionsAt,
  type SettledFile,
  sinceLast,
  unknownType,
} from './watermark.ts';

const sections = ['output', 'deleted', 'error'] as const;
const states = ['completed', 'failed', 'pending', 'downloading', 'cancelled'] as const;
const types = ['Patient', 'Observation', 'Goal'];
const now = new Date('2024-03-01T00:00:00Z');

function file(change: Partial<SettledFile> & { readonly lines?: number } = {}): SettledFile {
  const { lines = 3, ...fields } = change;
  return {
    section: 'output',
    type: 'Patient',
    state: 'completed',
    checkpoint: { ...emptyCheckpoint, lines },
    ...fields,
  };
}

const issue = (change: object = {}) => ({ severity: 'error', code: 'exception', count: 1, ...change });
const errorFile = (...issues: ReturnType<typeof issue>[]) =>
  file({
    section: 'error',
    type: 'OperationOutcome',
    checkpoint: { ...emptyCheckpoint, lines: issues.length, issues },
  });

function evidence(change: Partial<ExportEvidence> = {}, resourceTypes: readonly string[] = []): ExportEvidence {
  return {
    request: { exportType: 'Patient', resourceTypes },
    since: undefined,
    transactionTime: '2024-02-01T00:00:00Z',
    now,
    manifestGaps: 0,
    files: [file()],
    refusedTypes: [],
    isGranted: () => true,
    offeredTypes: [],
    isOfGroup: false,
    watermarks: [],
    covers: () => true,
    ...change,
  };
}

const decide = (change: Partial<ExportEvidence> = {}, resourceTypes: readonly string[] = []) =>
  Object.fromEntries(
    decideWatermarks(evidence(change, resourceTypes)).map(({ resourceType, reasons }) => [resourceType, reasons]),
  );

describe('the decision about watermarks #watermarks', () => {
  test('advances the watermark of each requested type, or that of every type, if everything is accounted for', () => {
    expect(decide()).toEqual({ Patient: [], [everyType]: [] });
    expect(decide({}, ['Patient', 'Goal'])).toEqual({ Patient: [], Goal: [] });
  });

  test('holds the watermark of a type with a failed file and advances the others', () => {
    const files = [file(), file({ type: 'Observation' }), file({ type: 'Observation', state: 'failed' })];
    expect(decide({ files }, ['Patient', 'Observation'])).toEqual({ Patient: [], Observation: ['files-failed'] });
    expect(decide({ files })).toEqual({ Patient: [], Observation: ['files-failed'], [everyType]: ['files-failed'] });
  });

  test.each<{ name: string; change: Partial<ExportEvidence>; reason: string }>([
    { name: 'entries of the manifest were unreadable', change: { manifestGaps: 1 }, reason: 'manifest-gaps' },
    {
      name: 'a type filter left resources out',
      change: { request: { exportType: 'Patient', resourceTypes: [], typeFilters: ['Patient?gender=male'] } },
      reason: 'type-filter',
    },
    {
      name: 'the transaction time is more than ten minutes ahead',
      change: { transactionTime: '2099-01-01T00:00:00Z' },
      reason: 'time-implausible',
    },
    {
      name: 'a deleted file failed',
      change: { files: [file(), file({ section: 'deleted', state: 'failed' })] },
      reason: 'deletions-unread',
    },
    {
      name: 'an announced deleted file was empty',
      change: { files: [file(), file({ section: 'deleted', lines: 0 })] },
      reason: 'deletions-unread',
    },
    {
      name: 'a deletion was unreadable',
      change: {
        files: [
          file(),
          file({ section: 'deleted', checkpoint: { ...emptyCheckpoint, lines: 1, unreadableDeletions: 1 } }),
        ],
      },
      reason: 'deletions-unread',
    },
    {
      name: 'an error file is not settled',
      change: { files: [file(), { ...errorFile(issue()), state: 'pending' }] },
      reason: 'errors-unread',
    },
    { name: 'an announced error file was empty', change: { files: [file(), errorFile()] }, reason: 'errors-unread' },
    { name: 'an error names no type', change: { files: [file(), errorFile(issue())] }, reason: 'errors-reported' },
    {
      name: 'an error has a severity that FHIR does not know',
      change: { files: [file(), errorFile(issue({ severity: 'catastrophe' }))] },
      reason: 'errors-reported',
    },
    {
      name: 'an OperationOutcome among the resources reports an error',
      change: { files: [file({ checkpoint: { ...emptyCheckpoint, lines: 2, issues: [issue()] } })] },
      reason: 'errors-reported',
    },
    {
      name: 'a file of unknown type failed',
      change: { files: [file(), file({ type: unknownType, state: 'failed' })] },
      reason: 'files-failed',
    },
    {
      name: 'a Group export contained no lines',
      change: { files: [file({ lines: 0 })], isOfGroup: true },
      reason: 'nothing-received',
    },
    {
      name: 'the export started after the stored data ends',
      change: { since: '2024-01-15T00:00:00Z', watermarks: [] },
      reason: 'gap',
    },
  ])('holds every watermark if $name', ({ change, reason }) => {
    for (const resourceTypes of [[], ['Patient', 'Goal']]) {
      const request = { ...evidence().request, ...change.request, resourceTypes };
      const decided = decideWatermarks(evidence({ ...change, request }));
      expect(decided.length).toBeGreaterThan(0);
      for (const { reasons } of decided) expect(reasons).toContain(reason);
    }
  });

  test('holds only the watermarks of the types that an error provably concerns, and that of every type', () => {
    const files = [file(), file({ type: 'Goal' }), errorFile(issue({ types: ['Goal'] }))];
    expect(decide({ files })).toEqual({ Patient: [], Goal: ['errors-reported'], [everyType]: ['errors-reported'] });
  });

  test('holds the watermarks of a missing type and of every type, whether the types are listed or not', () => {
    const missingTypes = ['Goal'];
    expect(decide({ missingTypes })).toEqual({ Patient: [], Goal: ['type-missing'], [everyType]: ['type-missing'] });
    expect(decide({ missingTypes }, ['Patient', 'Goal'])).toEqual({ Patient: [], Goal: ['type-missing'] });
  });

  test('advances a watermark despite reported warnings and information', () => {
    const harmless = (severity: string) => issue({ severity, code: 'suppressed' });
    const files = [file(), errorFile(harmless('warning'), harmless('information'))];
    expect(decide({ files })).toEqual({ Patient: [], [everyType]: [] });
    expect(decide({ files: [file(), errorFile(issue({ code: 'informational' }))] })).toEqual({
      Patient: [],
      [everyType]: [],
    });
  });

  test.each(['incomplete', 'exception', 'timeout', 'too-costly', 'throttled'])(
    'holds the watermarks for a warning with the code %s, which says that something is missing',
    (code) => {
      const files = [file(), errorFile(issue({ severity: 'warning', code }))];
      expect(decide({ files })).toEqual({ Patient: ['errors-reported'], [everyType]: ['errors-reported'] });
    },
  );

  test('holds the watermark of a type for which the manifest lists a file that has no resource of it', () => {
    const shared = { ...file({ type: unknownType }), listedTypes: ['Patient', 'Observation'] };
    const files = [{ ...shared, checkpoint: { ...shared.checkpoint, types: ['Patient'] } }];
    expect(decide({ files }, ['Patient', 'Observation'])).toEqual({
      Patient: [],
      Observation: ['listed-not-received'],
    });
    expect(decide({ files })).toEqual({ Patient: [], [everyType]: ['listed-not-received'] });
  });

  test('holds the watermark of a type whose file does not have the promised number of resources', () => {
    const files = [file({ promisedCount: 5, receivedCount: 3 }), file({ type: 'Goal' })];
    expect(decide({ files }, ['Patient', 'Goal'])).toEqual({ Patient: ['count-mismatch'], Goal: [] });
  });

  test.each<{ name: string; change: Partial<ExportEvidence>; reason: string }>([
    { name: 'the server refused by name', change: { refusedTypes: ['Goal'] }, reason: 'type-refused' },
    { name: 'the scopes do not cover', change: { isGranted: (type) => type !== 'Goal' }, reason: 'not-granted' },
    { name: 'the server does not offer', change: { offeredTypes: ['Patient'] }, reason: 'not-offered' },
  ])('holds the watermark of a type without files that $name', ({ change, reason }) => {
    expect(decide(change, ['Patient', 'Goal'])).toEqual({ Patient: [], Goal: [reason] });
  });

  test('advances the watermark of a received type that the scopes and the CapabilityStatement do not name', () => {
    expect(decide({ isGranted: () => false, offeredTypes: ['Goal'] }, ['Patient'])).toEqual({ Patient: [] });
  });

  test('reads the types of a file without a type from its lines', () => {
    const files = [
      file({ type: unknownType, checkpoint: { ...emptyCheckpoint, lines: 2, types: ['Patient', 'Goal'] } }),
    ];
    expect(decide({ files })).toEqual({ Patient: [], Goal: [], [everyType]: [] });
  });

  test('advances the watermarks after an export of changes without any lines, also of a Group', () => {
    const unchanged = { since: early, watermarks: [mark(everyType, early, {})], files: [file({ lines: 0 })] };
    for (const isOfGroup of [false, true]) {
      expect(decide({ ...unchanged, isOfGroup })).toEqual({ Patient: [], [everyType]: [] });
    }
  });

  test('holds only the watermark of every type if a full export of patients has no lines', () => {
    expect(decide({ files: [file({ lines: 0 })] })).toEqual({ Patient: [], [everyType]: ['nothing-received'] });
  });

  test('advances all watermarks if only one of the files is empty, also of a Group', () => {
    const files = [file(), file({ type: 'Goal', lines: 0 })];
    expect(decide({ files, isOfGroup: true })).toEqual({ Patient: [], Goal: [], [everyType]: [] });
  });

  test('the decision about watermarks ignores a skipped file', () => {
    const files = [file(), file({ type: 'Goal', state: 'skipped', lines: 0 })];
    expect(decide({ files })).toEqual({ Patient: [], [everyType]: [] });
  });

  test.each([
    { name: 'errors', empty: { ...errorFile(), promisedCount: 0 } },
    { name: 'deletions', empty: file({ section: 'deleted', lines: 0, promisedCount: 0 }) },
    { name: 'deletions with lines', empty: file({ section: 'deleted', lines: 2 }) },
  ])('advances the watermarks if a list of $name is as the manifest announced it', ({ empty }) => {
    expect(decide({ files: [file(), empty] })).toEqual({ Patient: [], [everyType]: [] });
  });

  test('accepts a transaction time that is ten minutes ahead, but not one that is a millisecond later', () => {
    const ahead = (ms: number) => ({ transactionTime: new Date(now.getTime() + ms).toISOString() });
    expect(decide(ahead(600_000), ['Patient'])).toEqual({ Patient: [] });
    expect(decide(ahead(600_001), ['Patient'])).toEqual({ Patient: ['time-implausible'] });
  });

  test('an export is partial if requested data was not received, but not if the operator narrowed it', () => {
    expect(isPartial(decideWatermarks(evidence({ files: [file({ state: 'failed' })] })))).toBe(true);
    expect(isPartial(decideWatermarks(evidence({ since: '2024-01-15T00:00:00Z' })))).toBe(false);
  });

  test('property: no watermark advances past an incomplete file or a reported error', () => {
    const entry = fc.record({
      section: fc.constantFrom(...sections),
      state: fc.constantFrom(...states),
      type: fc.constantFrom(...types, unknownType),
      lines: fc.constantFrom(0, 3),
      hasError: fc.boolean(),
    });
    const requested = fc.uniqueArray(fc.constantFrom(...types));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), requested, (entries, resourceTypes) => {
        const files = entries.map(({ lines, hasError, ...fields }) =>
          file({ ...fields, checkpoint: { ...emptyCheckpoint, lines, issues: hasError ? [issue()] : [] } }),
        );
        const advanced = decideWatermarks(evidence({ files }, resourceTypes)).filter(
          ({ reasons }) => reasons.length === 0,
        );
        const open = files.filter(({ state }) => state !== 'completed');
        for (const { resourceType } of advanced) {
          expect(
            open.filter(
              (issue) =>
                issue.section !== 'output' ||
                issue.type === unknownType ||
                resourceType === everyType ||
                issue.type === resourceType,
            ),
          ).toEqual([]);
          expect(files.filter(({ checkpoint }) => checkpoint.issues.length > 0)).toEqual([]);
        }
      }),
    );
  });
});

const mark = (resourceType: string, transactionTime: string, coverage?: Coverage) => ({
  resourceType,
  transactionTime,
  at: new Date(transactionTime),
  deletionsAt: new Date(transactionTime),
  ...(coverage === undefined ? {} : { coverage }),
});
/** Coverage that names the types, so that a test sees what was compared. */
const covers = ({ offered = [] }: Coverage, type: string) => offered.includes(type);
const search = { now, covers };
const [early, late] = ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'];

describe('sinceLast #since-last', () => {
  test.each([
    { name: 'is the oldest watermark of the requested types', asks: ['Patient', 'Goal'], since: early, unknown: [] },
    { name: 'does not depend on the order of the types', asks: ['Goal', 'Patient'], since: early, unknown: [] },
    { name: 'ignores the watermarks of other types', asks: ['Patient'], since: late, unknown: [] },
    {
      name: 'is undefined if one type has no watermark',
      asks: ['Patient', 'Observation'],
      since: undefined,
      unknown: ['Observation'],
    },
    {
      name: 'is undefined if the first type has no watermark',
      asks: ['Observation', 'Patient'],
      since: undefined,
      unknown: ['Observation'],
    },
    {
      name: 'is undefined for every type if there was no export of every type',
      asks: [],
      since: undefined,
      unknown: [everyType],
    },
  ])('the start of an export with since "last" $name', ({ asks, since, unknown }) => {
    const watermarks = [mark('Patient', late), mark('Goal', early)];
    expect(sinceLast({ resourceTypes: asks, watermarks, ...search })).toMatchObject({ since, unknown });
  });

  test('the watermark of an export of every type counts for the types that it covered', () => {
    const offered = ['Patient', 'Goal', everyType];
    const watermarks = [mark('Patient', early), mark(everyType, late, { offered })];
    const since = (...resourceTypes: string[]) => sinceLast({ resourceTypes, watermarks, ...search }).since;
    expect(since('Patient', 'Goal')).toBe(late);
    expect(since()).toBe(late);
    expect(since('Coverage')).toBeUndefined();
    expect(since('Patient', 'Coverage')).toBeUndefined();
  });

  test('an export of every type does not continue from one with less or unknown coverage', () => {
    for (const coverage of [undefined, { offered: ['Patient'] }]) {
      const watermarks = [mark(everyType, late, coverage)];
      expect(sinceLast({ resourceTypes: [], watermarks, ...search }).since).toBeUndefined();
    }
  });

  test('the newest watermark counts, whether of the type itself or of every type', () => {
    const every = (at: string) => mark(everyType, at, { offered: ['Patient'] });
    for (const watermarks of [
      [mark('Patient', late), every(early)],
      [mark('Patient', early), every(late)],
      [every(late), mark('Patient', early)],
    ]) {
      expect(sinceLast({ resourceTypes: ['Patient'], watermarks, ...search }).since).toBe(late);
    }
  });

  test('an export that starts at the watermark leaves no gap, and one that starts a millisecond later does', () => {
    const watermarks = [mark('Patient', early)];
    const leavesNone = (since: string) => joinsStoredData({ since, resourceType: 'Patient', watermarks, ...search });
    expect(leavesNone(early)).toBe(true);
    expect(leavesNone('2024-01-01T00:00:00.001Z')).toBe(false);
  });

  test('a watermark counts if it is at most ten minutes in the future', () => {
    const ahead = (ms: number) => {
      const watermarks = [mark('Patient', new Date(now.getTime() + ms).toISOString())];
      return sinceLast({ resourceTypes: ['Patient'], watermarks, ...search }).since !== undefined;
    };
    expect([ahead(0), ahead(600_000), ahead(600_001)]).toEqual([true, true, false]);
  });

  test('a watermark far in the future is ignored', () => {
    const watermarks = [mark('Patient', '2099-01-01T00:00:00Z')];
    expect(sinceLast({ resourceTypes: ['Patient'], watermarks, ...search }).since).toBeUndefined();
    expect(joinsStoredData({ since: early, resourceType: 'Patient', watermarks, ...search })).toBe(false);
  });

  test('an export starts at the deletions that no export has listed, although everything later is stored', () => {
    const watermarks = [{ ...mark('Patient', late), deletionsAt: new Date(early) }];
    const last = sinceLast({ resourceTypes: ['Patient'], watermarks, ...search });
    expect(last).toEqual({ since: '2024-01-01T00:00:00.000Z', storedUntil: new Date(late), unknown: [] });
  });

  test('property: after any full and incremental exports, the next one brings every change and every deletion', () => {
    const steps = fc.array(fc.constantFrom('put', 'delete', 'full', 'last', 'lost'), { maxLength: 12 });
    // Without a watermark the first of them requests everything.
    fc.assert(fc.property(steps, (history) => expect(replayExports([...history, 'last', 'last'])).toEqual([])));
  });

  test('property: after exports in any order and from any start, the watermark covers only data that is stored', () => {
    const run = fc.record({
      kind: fc.constantFrom('full', 'last', 'since'),
      day: fc.integer({ min: 1, max: 30 }),
      from: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
        const practice = new Practice();
        for (const run of runs.toSorted((left, right) => left.day - right.day)) practice.export(run);
        expect(practice.covered.filter((day) => !practice.stored.has(day))).toEqual([]);
      }),
    );
  });
});

/** A practice with one change on each day. Days serve as instants. */
class Practice {
  readonly stored = new Set<number>();
  #watermarks: ReturnType<typeof mark>[] = [];

  export({ kind, day, from }: { readonly kind: string; readonly day: number; readonly from: number }): void {
    const watermarks = this.#watermarks;
    const last = sinceLast({ resourceTypes: ['Patient'], watermarks, ...search }).since;
    const since = kind === 'last' ? last : kind === 'since' ? onDay(Math.min(from, day)) : undefined;
    for (const laterDay of daysAfter(since, day)) this.stored.add(laterDay);
    if (joinsStoredData({ since, resourceType: 'Patient', watermarks, ...search }))
      this.#watermarks = [mark('Patient', onDay(day))];
  }

  /** The days that are stored according to the watermark. */
  get covered(): number[] {
    return daysAfter(undefined, this.#watermarks[0]?.at.getUTCDate() ?? -1);
  }
}

const onDay = (day: number) => new Date(Date.UTC(2024, 0, day)).toISOString();

/** The days whose changes an export on `day` contains. The first day is 0. */
function daysAfter(since: string | undefined, day: number): number[] {
  const first = since === undefined ? 0 : new Date(since).getUTCDate() + 1;
  return Array.from({ length: Math.max(day - first + 1, 0) }, (_, index) => first + index);
}

type DatedMark = ReturnType<typeof mark> & { readonly deletionsAt: Date };
const connectedAt = new Date(Date.UTC(2024, 0, 1));

/** Plays a history of one resource. A day passes between two steps. @returns how the stored data differs from the server's in the end */
function replayExports(history: readonly string[]): string[] {
  const server = { isThere: false, changedAt: 0, deletedAt: 0 };
  let isStored = false;
  let watermark: DatedMark | undefined;
  for (const [index, step] of history.entries()) {
    const at = Date.UTC(2024, 0, 2 + index);
    if (step === 'put') Object.assign(server, { isThere: true, changedAt: at });
    else if (step === 'delete') Object.assign(server, { isThere: false, deletedAt: at });
    else {
      const own = { watermarks: watermark ? [watermark] : [], now: new Date(at), covers: () => true };
      const since = step === 'full' ? undefined : sinceLast({ resourceTypes: ['Patient'], ...own }).since;
      const about = { resourceType: 'Patient', since, at: new Date(at), hadStored: isStored, connectedAt };
      isStored = afterExport({ ...server, since, isStored });
      // The watermarks of a lost export are held.
      if (step === 'lost') continue;
      watermark = {
        ...mark('Patient', new Date(at).toISOString()),
        deletionsAt: nextDeletionsAt({ ...own, ...about }),
      };
    }
  }
  return isStored === server.isThere ? [] : [`stored: ${isStored}, at the server: ${server.isThere}`];
}

/** Whether the resource is stored after an export. An export of everything lists no deletions. */
function afterExport(options: {
  readonly isThere: boolean;
  readonly changedAt: number;
  readonly deletedAt: number;
  readonly since: string | undefined;
  readonly isStored: boolean;
}): boolean {
  const { isThere, changedAt, deletedAt, since, isStored } = options;
  const start = since === undefined ? 0 : Date.parse(since);
  if (isThere) return isStored || changedAt >= start;
  return isStored && (since === undefined || deletedAt < start);
}
