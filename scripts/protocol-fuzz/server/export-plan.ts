/**
 * The behaviour of a hostile server in one export. It is plain JSON, so that a failing round can be shrunk and printed.
 */
export interface ExportPlan {
  /** Answers before a token is granted. */
  readonly token: readonly TokenFailure[];
  /** Answers before the CapabilityStatement is served. */
  readonly capabilities: readonly Interruption[];
  /** Answers before the kick-off is accepted. */
  readonly kickOff: readonly Refusal[];
  readonly location: 'absolute' | 'relative' | 'cut-body';
  /** Answers before the manifest is served. */
  readonly polls: readonly (Interruption | 'in-progress' | 'partial-manifest')[];
  readonly manifest: ManifestPlan;
  readonly files: FilesPlan;
  readonly errors: readonly ErrorFilePlan[];
  readonly deletions: DeletionForm;
  /** The server ignores `_since` and serves everything. */
  readonly ignoresSince: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly retryAfter: RetryAfterForm;
}

/** An answer instead of JSON: an error, an HTML page, or half an answer before the connection is closed. */
export type Interruption = Refusal | 'web-page' | 'cut';

export type TokenFailure = Refusal | 'web-page' | 'no-token';

export type RetryAfterForm = 'none' | 'seconds' | 'date' | 'past-date' | 'negative' | 'text' | 'fraction' | 'epoch';

export interface ManifestPlan {
  readonly counts: 'absent' | 'right' | 'low' | 'high';
  readonly typeNames: 'right' | 'lower-case' | 'absent';
  /** The order of the entries in each read: an offset by which they are rotated. */
  readonly rotations: readonly number[];
  /** The entries of a page; 0 for a single page. */
  readonly pageSize: number;
  readonly urls: 'absolute' | 'relative' | 'signed';
  /** If true, files need a token. If false, files reject a token. */
  readonly requiresAccessToken: boolean;
  /** The error of `transactionTime`. */
  readonly clock: 'right' | 'day-ahead' | 'day-behind';
  readonly oddity: 'none' | 'no-output' | 'output-object' | 'link-object' | 'page-loop' | 'future-time' | 'bad-entry';
}

export interface FilesPlan {
  /** The number of files for the resources of a type. */
  readonly perType: number;
  /** One file holds all types. */
  readonly isMixed: boolean;
  readonly hasEmptyFile: boolean;
  /** `meta` is the last member of each resource instead of one of the first. */
  readonly metaIsLast: boolean;
  /** Each line is sent twice. */
  readonly repeats: boolean;
  /** Each resource is followed by an older version. */
  readonly hasOlderCopies: boolean;
  /** The number of lines that are not JSON, besides the resources. */
  readonly badLines: number;
  readonly outcome: 'none' | 'warning' | 'error';
  readonly coding: 'identity' | 'gzip' | 'gzip-members' | 'deflate';
  readonly contentType: 'application/fhir+ndjson' | 'application/ndjson' | 'text/plain' | 'none';
  readonly framing: 'length' | 'chunked';
  readonly ranges: 'honoured' | 'ignored' | 'shortened' | 'other-etag' | 'no-etag';
  /** The answers to the first requests for each file. */
  readonly failures: readonly FileFailure[];
  /** The first file lacks its last resource. Only a correct count shows that, so it is ignored with other counts. */
  readonly losesLine: boolean;
  /** The first file is never served. */
  readonly losesFirst: boolean;
}

export type FileFailure =
  | ({ readonly kind: 'status' } & Refusal)
  | { readonly kind: 'cut'; readonly percent: number }
  | { readonly kind: 'web-page' }
  | { readonly kind: 'redirect' };

export interface ErrorFilePlan {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information' | 'nonsense';
  /** How the error names its type. */
  readonly names: 'none' | 'expression' | 'text';
  /** No file has the type's resources, if the error says so or cannot be read. */
  readonly losesType: boolean;
  readonly content: 'issue' | 'empty' | 'no-content' | 'bad-json' | 'missing';
}

export type DeletionForm =
  | 'none-listed'
  | 'one-each'
  | 'all-in-one'
  | 'history'
  | 'full-url'
  | 'reference'
  | 'absolute'
  | 'conditional'
  | 'empty-file'
  | 'bundle-without-entries';

/** The behaviour of a server that follows the specification. */
export const goodPlan: ExportPlan = {
  token: [],
  capabilities: [],
  kickOff: [],
  location: 'absolute',
  polls: [],
  manifest: {
    counts: 'right',
    typeNames: 'right',
    rotations: [],
    pageSize: 0,
    urls: 'absolute',
    requiresAccessToken: true,
    clock: 'right',
    oddity: 'none',
  },
  files: {
    perType: 1,
    isMixed: false,
    hasEmptyFile: false,
    metaIsLast: false,
    repeats: false,
    hasOlderCopies: false,
    badLines: 0,
    outcome: 'none',
    coding: 'gzip',
    contentType: 'application/fhir+ndjson',
    framing: 'length',
    ranges: 'honoured',
    failures: [],
    losesLine: false,
    losesFirst: false,
  },
  errors: [],
  deletions: 'one-each',
  ignoresSince: false,
};
