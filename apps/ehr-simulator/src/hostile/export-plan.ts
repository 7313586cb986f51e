/** What a hostile server does in one export. It is plain JSON, so that a failing round can be shrunk and written down. */
export interface ExportPlan {
  /** Before the kick-off is accepted. */
  readonly kickOff: readonly Refusal[];
  readonly location: 'absolute' | 'relative' | 'cut-body';
  /** Before the manifest comes. */
  readonly polls: readonly (Refusal | 'in-progress' | 'web-page')[];
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

export type RetryAfterForm = 'none' | 'seconds' | 'date' | 'past-date' | 'negative' | 'text' | 'fraction' | 'epoch';

export interface ManifestPlan {
  readonly counts: 'absent' | 'right' | 'low' | 'high';
  readonly typeNames: 'right' | 'lower-case' | 'absent';
  /** Of each read, the order of the entries: an offset by which they are rotated. */
  readonly rotations: readonly number[];
  /** 0: one page. */
  readonly pageSize: number;
  readonly urls: 'absolute' | 'relative' | 'signed';
  readonly oddity: 'none' | 'no-output' | 'output-object' | 'link-object' | 'page-loop' | 'future-time' | 'bad-entry';
}

export interface FilesPlan {
  /** Files that the resources of a type are spread over. */
  readonly perType: number;
  /** One file of all types. */
  readonly isMixed: boolean;
  readonly hasEmptyFile: boolean;
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
  kickOff: [],
  location: 'absolute',
  polls: [],
  manifest: {
    counts: 'right',
    typeNames: 'right',
    rotations: [],
    pageSize: 0,
    urls: 'absolute',
    oddity: 'none',
  },
  files: {
    perType: 1,
    isMixed: false,
    hasEmptyFile: false,
    repeats: false,
    hasOlderCopies: false,
    badLines: 0,
    outcome: 'none',
    coding: 'gzip',
    contentType: 'application/fhir+ndjson',
    framing: 'length',
    ranges: 'honoured',
    failures: [],
    losesFirst: false,
  },
  errors: [],
  deletions: 'one-each',
  ignoresSince: false,
};
