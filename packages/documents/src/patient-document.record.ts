import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema } from '@bulkhead/store';
import { z } from 'zod';

export const documentStates = ['pending', 'downloading', 'stored', 'failed', 'skipped'] as const;
export type DocumentState = (typeof documentStates)[number];

/** Why a document is not fetched. `too-large` means larger than the limit of the deployment. */
const skipReasonSchema = z.enum(['documents-off', 'unusable-url', 'content-type', 'too-large']);
export type DocumentSkipReason = z.output<typeof skipReasonSchema>;

/**
 * Something that readers of a stored document should know.
 * - `type-differs`: the response has another content type than the resource says.
 * - `size-differs`: the content has another length than the resource says, but the right hash.
 * - `hash-not-understood`: the resource's hash is not a SHA-1 or a SHA-256, so nothing was compared.
 * - `end-not-proven`: the response had no length, and the resource states neither size nor hash.
 */
const noteSchema = z.enum(['type-differs', 'size-differs', 'hash-not-understood', 'end-not-proven']);
export type DocumentNote = z.output<typeof noteSchema>;

/** The stored part of a document that is being downloaded. It advances only after the database has acknowledged a part. */
const progressSchema = z.strictObject({
  /** Names the parts of one download. */
  upload: z.string(),
  /** The fingerprint of the attachment. If it has changed, the download restarts. */
  fingerprint: z.string(),
  /** Names of the encrypted files in GridFS, in order. All but the last of a document have `partBytes`. */
  parts: z.array(z.string()),
  partBytes: countSchema,
  /** The validator that a resume sends in `If-Range`. */
  etag: z.string().exactOptional(),
});
export type DocumentProgress = Immutable<z.output<typeof progressSchema>>;

/** An attachment of a resource: its own statements, and the state of its content. */
export const patientDocumentSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  resource: z.strictObject({ type: z.string(), id: z.string(), versionId: z.string().exactOptional() }),
  /** The `lastUpdated` of the resource. An older version that is received later changes nothing. */
  resourceUpdatedAt: z.date(),
  patientId: z.string().exactOptional(),
  /** The index in `presentedForm` or `content`. */
  index: countSchema,
  /** An absolute URL. Absent if the content is inside the resource. */
  url: z.string().exactOptional(),
  contentType: z.string().exactOptional(),
  title: z.string().exactOptional(),
  /** As stated by the attachment. */
  declaredSize: z.number().exactOptional(),
  declaredHash: z.string().exactOptional(),
  /** Changes if the attachment changes. */
  fingerprint: z.string(),
  state: z.enum(documentStates),
  reason: skipReasonSchema.exactOptional(),
  progress: progressSchema.exactOptional(),
  /** The hash of the content. Together with the connection it is the key of the content. */
  sha256: z.string().exactOptional(),
  sizeBytes: countSchema.exactOptional(),
  /** The type of the received content, with its charset if it had one. */
  storedType: z.string().exactOptional(),
  notes: z.array(noteSchema),
  attempts: countSchema,
  error: failureSchema.exactOptional(),
  createdAt: z.date(),
  startedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type PatientDocument = Immutable<z.output<typeof patientDocumentSchema>>;
