import type { Immutable } from '@bulkhead/base';
import { countSchema, failureSchema } from '@bulkhead/store';
import { z } from 'zod';

export const documentStates = ['pending', 'downloading', 'stored', 'failed', 'skipped'] as const;
export type DocumentState = (typeof documentStates)[number];

/** Why a document is not fetched. `too-large` means larger than the limit of the deployment. */
const skipReasonSchema = z.enum([
  'documents-off',
  'unusable-url',
  'content-type',
  'too-large',
  'too-many-attachments',
  'connection-gone',
]);
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
  id: z.string().describe('The id of the document, which begins with `doc_`.'),
  connectionId: z.string().describe('The connection of the resource.'),
  resource: z
    .strictObject({
      type: z.string().describe('`DiagnosticReport` or `DocumentReference`.'),
      id: z.string().describe('The FHIR id of the resource.'),
      versionId: z
        .string()
        .exactOptional()
        .describe('The version that the attachment was read from. Absent if the EHR has no versions.'),
    })
    .describe('The resource that the document is attached to.'),
  /** The export that has last brought another version of the attachment. Absent if it came from a sync. */
  exportId: z.string().exactOptional(),
  /** The revision of the stored resource from which the record was recreated. Absent if it was created only once. */
  resourceRevision: z.number().exactOptional(),
  patientId: z
    .string()
    .exactOptional()
    .describe('The id of the patient at the EHR. Absent if the resource names none.'),
  index: countSchema.describe('The position in `presentedForm` or `content` of the resource, from 0.'),
  url: z
    .string()
    .exactOptional()
    .describe('The URL at the EHR, without secrets. Absent if the content is inside the resource.'),
  contentType: z.string().exactOptional().describe('The media type of the attachment. Absent if it gives none.'),
  title: z.string().exactOptional().describe('The title of the attachment. Absent if it gives none.'),
  declaredSize: z.number().exactOptional().describe('The size in bytes of the attachment. Absent if it gives none.'),
  declaredHash: z.string().exactOptional().describe('The hash of the attachment, in base64. Absent if it gives none.'),
  /** Changes if the attachment changes. */
  fingerprint: z.string(),
  state: z
    .enum(documentStates)
    .describe(
      '`pending`, `downloading`, `stored` (the content can be read), `failed` (given up) or `skipped` (see `reason`).',
    ),
  reason: skipReasonSchema
    .exactOptional()
    .describe(
      'Why the document is skipped: `documents-off`, `unusable-url`, `content-type` or `too-large` for this deployment, `too-many-attachments` (this attachment and all after it are left out), or `connection-gone` (the connection was deleted).',
    ),
  progress: progressSchema.exactOptional(),
  sha256: z.string().exactOptional().describe('SHA-256 of the stored content, in hexadecimal. Also its ETag.'),
  sizeBytes: countSchema.exactOptional().describe('The size of the stored content.'),
  storedType: z
    .string()
    .exactOptional()
    .describe('The media type of the received content, with its charset if it had one.'),
  notes: z
    .array(noteSchema)
    .describe(
      'What readers should know: `type-differs` and `size-differs` from what the resource gives, `hash-not-understood` (nothing was compared), `end-not-proven` (neither size nor hash is known).',
    ),
  attempts: countSchema.describe('Attempts since the last progress. Waits that the EHR asked for do not count.'),
  error: failureSchema.exactOptional().describe('Why the document was given up. Present only if it failed.'),
  createdAt: z.date().describe('When the attachment was first seen.'),
  startedAt: z.date().exactOptional().describe('When the first download began.'),
  completedAt: z.date().exactOptional().describe('When the content was stored, skipped or given up.'),
});
export type PatientDocument = Immutable<z.output<typeof patientDocumentSchema>>;
