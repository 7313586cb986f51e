import { type BulkExportRequest, isNarrowed } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import { observation } from './download/export-contexts.ts';
import { findMissingTypes } from './finish/missing-types.ts';
import { noteLeft, showsAllMembers, slicesOfJoined } from './patients/group-members.ts';
import { requestKey } from './sent-request.ts';
import { makeBulkExport } from './testing/make-records.ts';

type Parameters = Required<Omit<BulkExportRequest, 'exportType' | 'resourceTypes' | 'sinceLast'>>;

/** Every parameter that a request can have, and whether with it an export lacks resources, or parts of them, that have not changed. */
const parameters: {
  readonly [Name in keyof Parameters]: { readonly value: Parameters[Name]; readonly narrows: boolean };
} = {
  since: { value: '2026-01-01T00:00:00Z', narrows: false },
  typeFilters: { value: ['Patient?active=true'], narrows: true },
  allowUnfiltered: { value: true, narrows: false },
  patients: { value: ['p1'], narrows: true },
  cohort: { value: 'diabetes', narrows: true },
  until: { value: '2026-02-01T00:00:00Z', narrows: true },
  elements: { value: ['id'], narrows: true },
  organizeOutputBy: { value: 'Patient', narrows: false },
};
const whole: BulkExportRequest = { exportType: 'Group', resourceTypes: ['Patient'] };
const cases = Object.entries(parameters).map(([name, { value, narrows }]) => ({
  name,
  narrows,
  request: { ...whole, [name]: value },
}));
const narrowing = cases.filter(({ narrows }) => narrows);

/** A store of which nothing may be read. */
const unread = {
  get: (_: object, name: string) => {
    throw new Error(`${name} was read`);
  },
};
const none = { store: new Proxy({}, unread), now: () => new Date() } as never;

test.each(cases)('whether an export with $name proves that something is complete: $narrows', ({ request, narrows }) => {
  expect(isNarrowed(request)).toBe(narrows);
});

test.each(cases)(
  'an export with $name is another one than without it, and than with another value',
  ({ name, request }) => {
    const other = { ...request, [name]: Array.isArray(request[name as never]) ? ['other'] : '2026-03-01T00:00:00Z' };
    const keys = [whole, request, ...(name === 'allowUnfiltered' ? [] : [other])].map(requestKey);
    expect(new Set(keys).size).toBe(keys.length);
  },
);

test.each(narrowing)(
  'what an export with $name does not contain stays, is not missing, and says nothing of a Group',
  async ({ request }) => {
    const record = makeBulkExport({ request, hasMembers: true, level: 'Group/g', storedBefore: ['Patient'] });
    expect(observation(record).isOfFullExport).toBe(false);
    expect(showsAllMembers(record)).toBe(false);
    // Of the patients of a cohort, its slices contain everything.
    if (!('cohort' in request))
      expect(await findMissingTypes(none, { record, files: [], coverage: {} })).toEqual({
        missing: [],
        lacked: undefined,
      });
    const decisions = [{ resourceType: 'Patient', reasons: [] }];
    await expect(noteLeft(none, { record, decisions })).resolves.toBeUndefined();
    const types = { types: [], refusedTypes: [], typeFilters: [] };
    const sent = { method: 'GET' as const, isOtherMethodRefused: false, since: '2026-01-01T00:00:00Z', ...types };
    expect(await slicesOfJoined(none, { record: makeBulkExport({ ...record, sent }), session: {} as never })).toEqual(
      [],
    );
  },
);

test('only an export of some elements contains parts of resources', () => {
  const partial = cases.filter(({ request }) => observation(makeBulkExport({ request })).isSubsetted);
  expect(partial.map(({ name }) => name)).toEqual(['elements']);
});
