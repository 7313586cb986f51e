import fc, { type Arbitrary } from 'fast-check';

/** The values that an arbitrary draws. */
export type Drawn<Values> = Values extends Arbitrary<infer Value> ? Value : never;

/** What a server may do, and what a server that follows the specification does. */
interface Behaviour<Value> extends Arbitrary<Value> {
  readonly usual: Value;
}

export function withUsual<const Usual, Value>(usual: Usual, values: Arbitrary<Value>): Behaviour<Usual | Value> {
  return Object.assign(values as Arbitrary<Usual | Value>, { usual });
}

/** Draws the usual behaviour most of the time, since a server with only faults ends every export at its first step. */
export function mostly<const Usual, Other>(usual: Usual, others: Arbitrary<Other>): Behaviour<Usual | Other> {
  const drawn = fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });
  return withUsual(usual, drawn as Arbitrary<Usual | Other>);
}

/** Draws an empty list most of the time. */
export function mostlyNone<Item>(
  items: Arbitrary<Item>,
  lengths: { readonly minLength?: number; readonly maxLength: number },
): Behaviour<readonly Item[]> {
  return mostly<readonly Item[], readonly Item[]>([], fc.array(items, lengths));
}

export function planOf<Fields extends Readonly<Record<string, Behaviour<unknown>>>>(fields: Fields) {
  type Plan = { readonly [Name in keyof Fields]: Drawn<Fields[Name]> };
  const usual = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.usual]));
  return withUsual(usual as Plan, fc.record(fields) as unknown as Arbitrary<Plan>);
}

const retryAfter = fc.constantFrom('none', 'seconds', 'date', 'past-date', 'negative', 'text', 'fraction', 'epoch');

export type RetryAfterForm = Drawn<typeof retryAfter>;

export const refusalOf = (...statuses: number[]) => fc.record({ status: fc.constantFrom(...statuses), retryAfter });

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
const refusal = fc.oneof(
  { weight: 2, arbitrary: refusalOf(408, 425, 429, 500, 502, 503, 504) },
  { weight: 1, arbitrary: refusalOf(...anyStatus) },
);

export type Refusal = Drawn<typeof refusal>;

/** An answer instead of JSON: an error, an HTML page, or half an answer before the connection is closed. */
export const interruption = fc.oneof(refusal, fc.constantFrom('web-page', 'cut'));

export type Interruption = Drawn<typeof interruption>;

const fileFailure = fc.oneof(
  fc
    .oneof(refusal, refusalOf(202, 204, 206, 300, 304, 400, 401, 403, 404, 410, 416))
    .map((fields) => ({ kind: 'status' as const, ...fields })),
  fc.record({ kind: fc.constant('cut' as const), percent: fc.integer({ min: 0, max: 99 }) }),
  fc.constant({ kind: 'web-page' as const }),
  fc.constant({ kind: 'redirect' as const }),
);

export type FileFailure = Drawn<typeof fileFailure>;

const errorFile = fc.record({
  severity: fc.constantFrom('fatal', 'error', 'warning', 'information', 'nonsense'),
  /** How the error names its type. */
  names: fc.constantFrom('none', 'expression', 'text'),
  /** No file has the type's resources, if the error says so or cannot be read. */
  losesType: fc.boolean(),
  content: fc.constantFrom('issue', 'issue', 'empty', 'no-content', 'bad-json', 'missing'),
});

export type ErrorFilePlan = Drawn<typeof errorFile>;

const deletions = fc.constantFrom(
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

export type DeletionForm = Drawn<typeof deletions>;

/**
 * The behaviour of a hostile server in one export. It is plain JSON, so that a failing round can be shrunk and printed.
 */
export const exportPlan = planOf({
  /** Answers before a token is granted. */
  token: mostlyNone(fc.oneof(refusal, fc.constantFrom('web-page', 'no-token')), { minLength: 1, maxLength: 3 }),
  /** Answers before the CapabilityStatement is served. */
  capabilities: mostlyNone(interruption, { minLength: 1, maxLength: 3 }),
  /** Answers before the kick-off is accepted. */
  kickOff: mostlyNone(refusal, { maxLength: 3 }),
  location: mostly('absolute', fc.constantFrom('relative', 'cut-body')),
  /** Answers before the manifest is served. */
  polls: mostlyNone(fc.oneof(refusal, fc.constantFrom('in-progress', 'partial-manifest', 'web-page', 'cut')), {
    maxLength: 4,
  }),
  manifest: planOf({
    counts: mostly('right', fc.constantFrom('absent', 'low', 'high')),
    typeNames: mostly('right', fc.constantFrom('lower-case', 'absent')),
    /** The order of the entries in each read: an offset by which they are rotated. */
    rotations: mostlyNone(fc.nat(5), { minLength: 1, maxLength: 4 }),
    /** The entries of a page; 0 for a single page. */
    pageSize: mostly<number, number>(0, fc.integer({ min: 1, max: 3 })),
    urls: mostly('absolute', fc.constantFrom('relative', 'signed')),
    /** If true, files need a token. If false, files reject a token. */
    requiresAccessToken: withUsual(true, fc.boolean()),
    /** The error of `transactionTime`. */
    clock: mostly('right', fc.constantFrom('day-ahead', 'day-behind')),
    oddity: mostly(
      'none',
      fc.constantFrom('no-output', 'output-object', 'link-object', 'page-loop', 'future-time', 'bad-entry'),
    ),
  }),
  files: planOf({
    /** The number of files for the resources of a type. */
    perType: mostly<number, number>(1, fc.integer({ min: 2, max: 3 })),
    /** One file holds all types. */
    isMixed: mostly(false, fc.constant(true)),
    hasEmptyFile: mostly(false, fc.constant(true)),
    /** `meta` is the last member of each resource instead of one of the first. */
    metaIsLast: mostly(false, fc.constant(true)),
    /** Each line is sent twice. */
    repeats: mostly(false, fc.constant(true)),
    /** Each resource is followed by an older version. */
    hasOlderCopies: mostly(false, fc.constant(true)),
    /** The number of lines that are not JSON, besides the resources. */
    badLines: mostly<number, number>(0, fc.integer({ min: 1, max: 3 })),
    outcome: mostly('none', fc.constantFrom('warning', 'error')),
    coding: mostly('gzip', fc.constantFrom('identity', 'gzip-members', 'deflate')),
    contentType: mostly('application/fhir+ndjson', fc.constantFrom('application/ndjson', 'text/plain', 'none')),
    framing: mostly('length', fc.constant('chunked')),
    ranges: mostly('honoured', fc.constantFrom('ignored', 'shortened', 'other-etag', 'no-etag')),
    /** The answers to the first requests for each file. */
    failures: mostlyNone(fileFailure, { minLength: 1, maxLength: 4 }),
    /** The first file lacks its last resource. Only a correct count shows that, so it is ignored with other counts. */
    losesLine: mostly(false, fc.constant(true)),
    /** The first file is never served. */
    losesFirst: mostly(false, fc.constant(true)),
  }),
  errors: mostlyNone(errorFile, { minLength: 1, maxLength: 2 }),
  deletions: mostly('one-each', deletions),
  /** The server ignores `_since` and serves everything. */
  ignoresSince: mostly(false, fc.constant(true)),
});

export type ExportPlan = Drawn<typeof exportPlan>;

/** The behaviour of a server that follows the specification. */
export const goodPlan = exportPlan.usual;
