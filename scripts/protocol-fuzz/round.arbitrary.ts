import fc, { type Arbitrary } from 'fast-check';
import {
  type DeletionForm,
  type ErrorFilePlan,
  type ExportPlan,
  type FileFailure,
  goodPlan,
  type Interruption,
  type Refusal,
  type RetryAfterForm,
  type TokenFailure,
} from './server/export-plan.ts';
import { goodSearchPlan, type SearchPlan } from './server/search-plan.ts';
import type { Life } from './server/world.ts';

/**
 * A practice's history, and the server's behaviour in two exports and a sync, each at the end of a period. In later
 * periods the server follows the specification.
 */
export interface Round {
  readonly lives: readonly Life[];
  readonly first: ExportPlan;
  readonly second: ExportPlan;
  readonly sync: SearchPlan;
}

/**
 * The periods of the two exports, of the sync, and of the sync and the export that must find what the others missed.
 */
export const periods = 5;
export const types = ['Patient', 'Observation', 'Condition'];

/** Draws the usual behaviour most of the time, since a server with only faults ends every export at its first step. */
function mostly<Value>(usual: Value, others: Arbitrary<Value>): Arbitrary<Value> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });
}

const retryAfter: Arbitrary<RetryAfterForm> = fc.constantFrom(
  'none',
  'seconds',
  'date',
  'past-date',
  'negative',
  'text',
  'fraction',
  'epoch',
);

const refusalOf = (...statuses: number[]): Arbitrary<Refusal> =>
  fc.record({ status: fc.constantFrom(...statuses), retryAfter });

/**
 * Every registered status (https://www.iana.org/assignments/http-status-codes) except 1xx, and two that gateways
 * invented.
 */
const anyStatus = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424],
  ...[425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 599],
];

/**
 * Draws any status, and more often one after which a client retries. Otherwise most exports would end at their first
 * request.
 */
const refusal: Arbitrary<Refusal> = fc.oneof(
  { weight: 2, arbitrary: refusalOf(408, 425, 429, 500, 502, 503, 504) },
  { weight: 1, arbitrary: refusalOf(...anyStatus) },
);

const interruption: Arbitrary<Interruption> = fc.oneof(refusal, fc.constantFrom('web-page', 'cut'));

const failure: Arbitrary<FileFailure> = fc.oneof(
  fc
    .oneof(refusal, refusalOf(202, 204, 206, 300, 304, 400, 401, 403, 404, 410, 416))
    .map((fields) => ({ kind: 'status' as const, ...fields })),
  fc.record({ kind: fc.constant('cut' as const), percent: fc.integer({ min: 0, max: 99 }) }),
  fc.constant({ kind: 'web-page' as const }),
  fc.constant({ kind: 'redirect' as const }),
);

const errorFile: Arbitrary<ErrorFilePlan> = fc.record({
  severity: fc.constantFrom('fatal', 'error', 'warning', 'information', 'nonsense'),
  names: fc.constantFrom('none', 'expression', 'text'),
  losesType: fc.boolean(),
  content: fc.constantFrom('issue', 'issue', 'empty', 'no-content', 'bad-json', 'missing'),
});

const deletions: Arbitrary<DeletionForm> = fc.constantFrom(
  'none-listed',
  'one-each',
  'all-in-one',
  'history',
  'full-url',
  'reference',
  'absolute',
  'conditional',
  'empty-file',
  'bundle-without-entries',
);

const { manifest, files } = goodPlan;

const tokenFailure: Arbitrary<TokenFailure> = fc.oneof(refusal, fc.constantFrom('web-page', 'no-token'));

const plan: Arbitrary<ExportPlan> = fc.record({
  token: mostly<readonly TokenFailure[]>([], fc.array(tokenFailure, { minLength: 1, maxLength: 3 })),
  capabilities: mostly<readonly Interruption[]>([], fc.array(interruption, { minLength: 1, maxLength: 3 })),
  kickOff: mostly<readonly Refusal[]>([], fc.array(refusal, { maxLength: 3 })),
  location: mostly(goodPlan.location, fc.constantFrom('relative', 'cut-body')),
  polls: mostly<ExportPlan['polls']>(
    [],
    fc.array(fc.oneof(refusal, fc.constantFrom('in-progress', 'partial-manifest', 'web-page', 'cut')), {
      maxLength: 4,
    }),
  ),
  manifest: fc.record({
    counts: mostly(manifest.counts, fc.constantFrom('absent', 'low', 'high')),
    typeNames: mostly(manifest.typeNames, fc.constantFrom('lower-case', 'absent')),
    rotations: mostly<readonly number[]>([], fc.array(fc.nat(5), { minLength: 1, maxLength: 4 })),
    pageSize: mostly(0, fc.integer({ min: 1, max: 3 })),
    urls: mostly(manifest.urls, fc.constantFrom('relative', 'signed')),
    requiresAccessToken: fc.boolean(),
    clock: mostly(manifest.clock, fc.constantFrom('day-ahead', 'day-behind')),
    oddity: mostly(
      manifest.oddity,
      fc.constantFrom('no-output', 'output-object', 'link-object', 'page-loop', 'future-time', 'bad-entry'),
    ),
  }),
  files: fc.record({
    perType: mostly(1, fc.integer({ min: 2, max: 3 })),
    isMixed: mostly(false, fc.constant(true)),
    hasEmptyFile: mostly(false, fc.constant(true)),
    metaIsLast: mostly(false, fc.constant(true)),
    repeats: mostly(false, fc.constant(true)),
    hasOlderCopies: mostly(false, fc.constant(true)),
    badLines: mostly(0, fc.integer({ min: 1, max: 3 })),
    outcome: mostly(files.outcome, fc.constantFrom('warning', 'error')),
    coding: mostly(files.coding, fc.constantFrom('identity', 'gzip-members', 'deflate')),
    contentType: mostly(files.contentType, fc.constantFrom('application/ndjson', 'text/plain', 'none')),
    framing: mostly(files.framing, fc.constant('chunked')),
    ranges: mostly(files.ranges, fc.constantFrom('ignored', 'shortened', 'other-etag', 'no-etag')),
    failures: mostly<readonly FileFailure[]>([], fc.array(failure, { minLength: 1, maxLength: 4 })),
    losesLine: mostly(false, fc.constant(true)),
    losesFirst: mostly(false, fc.constant(true)),
  }),
  errors: mostly<readonly ErrorFilePlan[]>([], fc.array(errorFile, { minLength: 1, maxLength: 2 })),
  deletions: mostly(goodPlan.deletions, deletions),
  ignoresSince: mostly(false, fc.constant(true)),
});

const search: Arbitrary<SearchPlan> = fc.record({
  interruptions: mostly<readonly Interruption[]>(
    [],
    fc.array(fc.oneof(interruption, refusalOf(202, 204, 206, 300, 304, 400, 401, 403, 404, 410)), {
      minLength: 1,
      maxLength: 4,
    }),
  ),
  pageSize: fc.integer({ min: 0, max: 3 }),
  coding: fc.constantFrom('identity', 'gzip', 'deflate'),
  total: mostly(goodSearchPlan.total, fc.constantFrom('absent', 'high')),
  urls: mostly(goodSearchPlan.urls, fc.constant('relative')),
  repeats: mostly(false, fc.constant(true)),
  hasBadEntry: mostly(false, fc.constant(true)),
  hasForeignEntry: mostly(false, fc.constant(true)),
  outcome: mostly(goodSearchPlan.outcome, fc.constantFrom('warning', 'error')),
  oddType: fc.constantFrom(undefined, ...types),
  oddity: mostly(
    goodSearchPlan.oddity,
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

const lives: Arbitrary<readonly Life[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom(...types),
      events: fc.array(fc.constantFrom('none', 'write', 'write', 'delete'), { minLength: periods, maxLength: periods }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((lives) => lives.map((life, index) => ({ ...life, id: `r${index}` }) as Life));

export const round: Arbitrary<Round> = fc.record({ lives, first: plan, second: plan, sync: search });
