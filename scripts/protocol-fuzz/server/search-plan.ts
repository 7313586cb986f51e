import { standardResourceTypes } from '@bulkhead/fhir';
import fc from 'fast-check';
import { type Drawn, interruption, mostly, mostlyNone, planOf, refusalOf, withUsual } from './export-plan.ts';

/** The types of the resources of a round. */
export const types = ['Patient', 'Observation', 'Condition', 'DiagnosticReport'];

const standardTypes: readonly string[] = standardResourceTypes;

/** Whether the syncs of a round search a type. They leave out the enhanced types. */
export function isSearched({ type }: { readonly type: string }): boolean {
  return standardTypes.includes(type);
}

/** The behaviour of a hostile server in the searches of one sync. It is plain JSON like the plan of an export. */
export const searchPlan = planOf({
  /** Answers before each page is served. */
  interruptions: mostlyNone(fc.oneof(interruption, refusalOf(202, 204, 206, 300, 304, 400, 401, 403, 404, 410)), {
    minLength: 1,
    maxLength: 4,
  }),
  /** The entries of a page; 0 for a single page. */
  pageSize: withUsual(2, fc.integer({ min: 0, max: 3 })),
  coding: withUsual('gzip', fc.constantFrom('identity', 'gzip', 'deflate')),
  total: mostly('right', fc.constantFrom('absent', 'high')),
  urls: mostly('absolute', fc.constant('relative')),
  /** Each entry is sent twice. */
  repeats: mostly(false, fc.constant(true)),
  /** The first page of each search has an entry that cannot be stored, because its id has 129 characters. */
  hasBadEntry: mostly(false, fc.constant(true)),
  /** The first page of each search has a match of a type that was not requested. */
  hasForeignEntry: mostly(false, fc.constant(true)),
  /** Each page has an OperationOutcome besides the matches. */
  outcome: mostly('none', fc.constantFrom('warning', 'error')),
  /** The type whose searches are odd; undefined for every type. */
  oddType: withUsual(undefined, fc.constantFrom(undefined, ...types)),
  /**
   * `empty-last-page`: the last page is empty. `redirect`: one redirect to the same address with an additional
   * parameter.
   */
  oddity: mostly(
    'none',
    fc.constantFrom(
      'empty-object',
      'history',
      'next-null',
      'next-object',
      'next-without-url',
      'page-loop',
      'entry-object',
      'entry-null',
      'entry-with-null',
      'link-object',
      'empty-last-page',
      'redirect',
    ),
  ),
});

export type SearchPlan = Drawn<typeof searchPlan>;

export const goodSearchPlan = searchPlan.usual;
