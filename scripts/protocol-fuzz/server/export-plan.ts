/** What a hostile server does in one export. It is plain JSON, so that a failing round can be shrunk and written down. */
export interface ExportPlan {
  /** Before a token is granted. */
  readonly token: readonly TokenFailure[];
  /** Before the CapabilityStatement is served. */
  readonly capabilities: readonly Interruption[];
  /** Before the kick-off is accepted. */
  readonly kickOff: readonly Refusal[];
  readonly location: 'absolute' | 'relative' | 'cut-body';
  /** Before the manifest is served. */
  readonly polls: readonly (Interruption | 'in-progress' | 'partial-manifest')[];
  readonly manifest: ManifestPlan;
  readonly files: FilesPlan;
  readonly errors: readonly ErrorFilePlan[];
  readonly deletions: DeletionForm;
  /** The server serves everything, whatever `_since` says. */
  readonly ignoresSince: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly retryAfter: RetryAfterForm;
}

/** Instead of a JSON answer: an error, a page for people, or half of an answer before the connection is closed. */
export type Interruption = Refusal | 'web-page' | 'cut';

export type TokenFailure = Refusal | 'web-page' | 'no-token';

export type RetryAfterForm = 'none' | 'seconds' | 'date' | 'past-date' | 'negative' | 'text' | 'fraction' | 'epoch';

export interface ManifestPlan {
  readonly counts: 'absent' | 'right' | 'low' | 'high';
  readonly typeNames: 'right' | 'lower-case' | 'absent';
  /** Of each read, the order of the entries: an offset by which they are rotated. */
  readonly rotations: readonly number[];
  /** 0: one page. */
  readonly pageSize: number;
  readonly urls: 'absolute' | 'relative' | 'signed';
  /** Files are served only with a token if it is true, and only without one if it is false. */
  readonly requiresAccessToken: boolean;
  /** Of `transactionTime`. */
  readonly clock: 'right' | 'day-ahead' | 'day-behind';
  readonly oddity: 'none' | 'no-output' | 'output-object' | 'link-object' | 'page-loop' | 'future-time' | 'bad-entry';
}

export interface FilesPlan {
  /** Files that the resources of a type are spread over. */
  readonly perType: number;
  /** One file of all types. */
  readonly isMixed: boolean;
  readonly hasEmptyFile: boolean;
  /** `meta` is the last member of each resource, and not one of the first. */
  readonly metaIsLast: boolean;
  /** Each line twice. */
  readonly repeats: boolean;
  /** An older version of each resource comes after the current one. */
  readonly hasOlderCopies: boolean;
  /** Lines that are not JSON, beside the resources. */
  readonly badLines: number;
  readonly outcome: 'none' | 'warning' | 'error';
  readonly coding: 'identity' | 'gzip' | 'gzip-members' | 'deflate';
  readonly contentType: 'application/fhir+ndjson' | 'application/ndjson' | 'text/plain' | 'none';
  readonly framing: 'length' | 'chunked';
  readonly ranges: 'honoured' | 'ignored' | 'shortened' | 'other-etag' | 'no-etag';
  /** What the first requests for each file get instead. */
  readonly failures: readonly FileFailure[];
  /** The first file lacks its last resource, which a right count shows: ignored with other counts. */
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
  /** The type that it names, or none. */
  readonly names: 'none' | 'expression' | 'text';
  /** The type's resources are in no file, if the error is one that says so or that cannot be read. */
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

/** A server that does what the specification says. */
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
