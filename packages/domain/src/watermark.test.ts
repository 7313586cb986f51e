import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { everyType, leavesNoGap, settledTypes, sinceLast } from './watermark.ts';

const sections = ['output', 'deleted', 'error'] as const;
const states = ['completed', 'failed', 'pending', 'downloading', 'skipped', 'cancelled'] as const;
const types = ['Patient', 'Observation', 'Goal'];

const file = (change: object = {}) => ({
  section: 'output' as const,
  type: 'Patient',
  state: 'completed' as const,
  ...change,
});
const asked = (...resourceTypes: string[]) => ({ resourceTypes });
const isWithheld = () => false;

describe('settledTypes #watermarks', () => {
  test('a type with a failed file stays, the others advance, also those without a file', () => {
    const files = [file(), file({ type: 'Observation' }), file({ type: 'Observation', state: 'failed' })];
    expect(settledTypes({ request: asked('Patient', 'Observation', 'Goal'), files, isWithheld })).toEqual([
      'Patient',
      'Goal',
    ]);
    expect(settledTypes({ request: asked(), files, isWithheld })).toEqual(['Patient']);
  });

  test('every type advances where all that came is settled', () => {
    expect(settledTypes({ request: asked(), files: [file()], isWithheld })).toEqual(['Patient', everyType]);
  });

  test.each([
    { name: 'a failed deleted file', files: [file(), file({ section: 'deleted', state: 'failed' })] },
    { name: 'a pending error file', files: [file(), file({ section: 'error', state: 'pending' })] },
    { name: 'a manifest with unreadable entries', files: [file()], manifestGaps: 1 },
    { name: 'a filtered export', files: [file()], typeFilters: ['Patient?gender=male'] },
  ])('nothing advances past $name', ({ files, manifestGaps, typeFilters = [] }) => {
    for (const request of [asked(), asked('Patient')]) {
      expect(settledTypes({ request: { ...request, typeFilters }, files, manifestGaps, isWithheld })).toEqual([]);
    }
  });

  test('a type that the scopes do not cover and that did not come stays', () => {
    const options = { files: [file()], isWithheld: (type: string) => type !== 'Patient' };
    expect(settledTypes({ request: asked('Patient', 'Goal'), ...options })).toEqual(['Patient']);
  });

  test('property: no type advances that has a file which is not completed, nor any past other sections', () => {
    const files = fc.array(
      fc.record({
        section: fc.constantFrom(...sections),
        state: fc.constantFrom(...states),
        type: fc.constantFrom(...types),
      }),
    );
    const request = fc.record({ resourceTypes: fc.uniqueArray(fc.constantFrom(...types)) });
    fc.assert(
      fc.property(files, request, (ledger, made) => {
        const settled = settledTypes({ request: made, files: ledger, isWithheld });
        const open = ledger.filter(({ state }) => state !== 'completed');
        for (const type of settled) {
          expect(open.filter((one) => one.section !== 'output' || type === everyType || one.type === type)).toEqual([]);
          if (type !== everyType && made.resourceTypes.length > 0) expect(made.resourceTypes).toContain(type);
        }
      }),
    );
  });
});

const mark = (resourceType: string, transactionTime: string) => ({
  resourceType,
  transactionTime,
  at: new Date(transactionTime),
});
const [early, late] = ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'];

describe('sinceLast #since-last', () => {
  test.each([
    { name: 'the oldest of those asked for', asks: ['Patient', 'Goal'], since: early, unknown: [] },
    { name: 'not of others', asks: ['Patient'], since: late, unknown: [] },
    { name: 'none where one has none', asks: ['Patient', 'Observation'], since: undefined, unknown: ['Observation'] },
    { name: 'none for every type before all was stored', asks: [], since: undefined, unknown: [everyType] },
  ])('$name', ({ asks, since, unknown }) => {
    const watermarks = [mark('Patient', late), mark('Goal', early)];
    expect(sinceLast({ resourceTypes: asks, watermarks })).toEqual({ since, unknown });
  });

  test('an export of every type counts for each', () => {
    const watermarks = [mark('Patient', early), mark(everyType, late)];
    expect(sinceLast({ resourceTypes: ['Patient', 'Goal'], watermarks }).since).toBe(late);
    expect(sinceLast({ resourceTypes: [], watermarks }).since).toBe(late);
  });

  test('property: exports in any order, each from any time, never claim what was not stored', () => {
    const run = fc.record({
      kind: fc.constantFrom('full', 'last', 'since'),
      day: fc.integer({ min: 1, max: 30 }),
      from: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
        const practice = new Practice();
        for (const one of runs.toSorted((left, right) => left.day - right.day)) practice.export(one);
        expect(practice.claimed.filter((day) => !practice.stored.has(day))).toEqual([]);
      }),
    );
  });
});

/** A practice where each day brings one change; the days are the instants. */
class Practice {
  readonly stored = new Set<number>();
  #watermarks: ReturnType<typeof mark>[] = [];

  export({ kind, day, from }: { readonly kind: string; readonly day: number; readonly from: number }): void {
    const watermarks = this.#watermarks;
    const last = sinceLast({ resourceTypes: ['Patient'], watermarks }).since;
    const since = kind === 'last' ? last : kind === 'since' ? onDay(Math.min(from, day)) : undefined;
    for (const one of daysAfter(since, day)) this.stored.add(one);
    if (leavesNoGap({ since, resourceType: 'Patient', watermarks })) this.#watermarks = [mark('Patient', onDay(day))];
  }

  /** What the watermark says is stored. */
  get claimed(): number[] {
    return daysAfter(undefined, this.#watermarks[0]?.at.getUTCDate() ?? -1);
  }
}

const onDay = (day: number) => new Date(Date.UTC(2024, 0, day)).toISOString();

/** The days that an export of `day` brings, where each day's changes are one resource; the first day is 0. */
function daysAfter(since: string | undefined, day: number): number[] {
  const first = since === undefined ? 0 : new Date(since).getUTCDate() + 1;
  return Array.from({ length: Math.max(day - first + 1, 0) }, (_, index) => first + index);
}
