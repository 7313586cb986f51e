export const documentStates = ['pending', 'downloading', 'stored', 'failed', 'skipped'] as const;
export type DocumentState = (typeof documentStates)[number];

/** Why a document is not fetched at all, although it could be. */
export type DocumentSkipReason =
  | 'documents-off'
  | 'unusable-url'
  | 'content-type'
  /** Larger than the deployment takes. */
  | 'too-large';

/** Something about a stored document that a reader should know. */
export type DocumentNote =
  /** The answer has another content type than the resource says. */
  | 'type-differs'
  /** The content has another length than the resource says, and the hash that it says. */
  | 'size-differs'
  /** The resource's hash is no SHA-1 and no SHA-256, so that nothing was compared. */
  | 'hash-not-understood'
  /** It came without a length, and the resource says neither size nor hash. */
  | 'end-not-proven';

/** What is stored of a document whose download goes on. Moves only after the database has acknowledged a part. */
export interface DocumentProgress {
  /** Names the parts of one download. */
  readonly upload: string;
  /** Of the attachment that the parts are of: another one starts from the beginning. */
  readonly fingerprint: string;
  /** Names of the sealed files in GridFS, in order; all but a document's last have `partBytes`. */
  readonly parts: readonly string[];
  readonly partBytes: number;
  /** The validator that a resume sends in `If-Range`. */
  readonly etag?: string;
}

/** An attachment of a resource: what it says of itself, and what became of its content. */
export interface PatientDocument {
  readonly id: string;
  readonly connectionId: string;
  readonly resource: { readonly type: string; readonly id: string; readonly versionId?: string };
  /** Of the resource's version: an older one that comes late changes nothing. */
  readonly resourceUpdatedAt: Date;
  readonly patientId?: string;
  /** Its place in `presentedForm` or `content`. */
  readonly index: number;
  /** Absent: the content is inside of the resource. Absolute. */
  readonly url?: string;
  readonly contentType?: string;
  readonly title?: string;
  /** As the attachment says it. */
  readonly declaredSize?: number;
  readonly declaredHash?: string;
  /** Changes where the attachment does. */
  readonly fingerprint: string;
  readonly state: DocumentState;
  readonly reason?: DocumentSkipReason;
  readonly progress?: DocumentProgress;
  /** Of the content; with the connection its key. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  /** As the content came, with its charset if it had one. */
  readonly storedType?: string;
  readonly notes: readonly DocumentNote[];
  readonly attempts: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly completedAt?: Date;
}
