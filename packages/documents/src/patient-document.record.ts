import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema } from '@bulkhead/store';
import { z } from 'zod';

export const documentStates = ['pending', 'downloading', 'stored', 'failed', 'skipped'] as const;
export type DocumentState = (typeof documentStates)[number];

/** Why a document is not fetched at all, although it could be. `too-large`: larger than the deployment takes. */
const skipReasonSchema = z.enum(['documents-off', 'unusable-url', 'content-type', 'too-large']);
export type DocumentSkipReason = z.output<typeof skipReasonSchema>;

/**
 * Something about a stored document that a reader should know.
 * - `type-differs`: the response has another content type than the resource says.
 * - `size-differs`: the content has another length than the resource says, and the hash that it says.
 * - `hash-not-understood`: the resource's hash is not a SHA-1 or a SHA-256, so nothing was compared.
 * - `end-not-proven`: it came without a length, and the resource says neither size nor hash.
 */
const noteSchema = z.enum(['type-differs', 'size-differs', 'hash-not-understood', 'end-not-proven']);
export type DocumentNote = z.output<typeof noteSchema>;

/** What is stored of a document whose download goes on. Moves only after the database has acknowledged a part. */
const progressSchema = z.strictObject({
  /** Names the parts of one download. */
  upload: z.string(),
  /** Of the attachment that the parts are of: another one starts from the beginning. */
  fingerprint: z.string(),
  /** Names of the encrypted files in GridFS, in order; all but a document's last have `partBytes`. */
  parts: z.array(z.string()),
  partBytes: countSchema,
  /** The validator that a resume sends in `If-Range`. */
  etag: z.string().exactOptional(),
});
export type DocumentProgress = Immutable<z.output<typeof progressSchema>>;

/** An attachment of a resource: what it says of itself, and what became of its content. */
export const patientDocumentSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  resource: z.strictObject({ type: z.string(), id: z.string(), versionId: z.string().exactOptional() }),
  /** Of the resource's version: an older one that comes late changes nothing. */
  resourceUpdatedAt: z.date(),
  patientId: z.string().exactOptional(),
  /** Its place in `presentedForm` or `content`. */
  index: countSchema,
  /** Absent: the content is inside of the resource. Absolute. */
  url: z.string().exactOptional(),
  contentType: z.string().exactOptional(),
  title: z.string().exactOptional(),
  /** As the attachment says it. */
  declaredSize: z.number().exactOptional(),
  declaredHash: z.string().exactOptional(),
  /** Changes where the attachment does. */
  fingerprint: z.string(),
  state: z.enum(documentStates),
  reason: skipReasonSchema.exactOptional(),
  progress: progressSchema.exactOptional(),
  /** Of the content; with the connection its key. */
  sha256: z.string().exactOptional(),
  sizeBytes: countSchema.exactOptional(),
  /** As the content came, with its charset if it had one. */
  storedType: z.string().exactOptional(),
  notes: z.array(noteSchema),
  attempts: countSchema,
  error: failureSchema.exactOptional(),
  createdAt: z.date(),
  startedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type PatientDocument = Immutable<z.output<typeof patientDocumentSchema>>;
