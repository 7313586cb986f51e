import { auditActorSchema } from '@bulkhead/access/audit';
import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import { countSchema, dataAmountsSchema, warningSchema } from '@bulkhead/store';
import { z } from 'zod';

/** `queued` → `running` → `completed`. An erasure never fails for good. After an error it is retried until it is done. */
const erasurePhases = ['queued', 'running', 'completed'] as const;

/** The deletion of all stored data of a connection, or of one of its patients. */
export const erasureSchema = z.strictObject({
  id: z.string().describe('The id of the erasure, which begins with `erase_`.'),
  kind: z.enum(['connection', 'patient']).describe('Whether a whole `connection` or one `patient` is erased.'),
  connectionId: z.string().describe('The connection whose data is deleted.'),
  /** Present only for the erasure of a patient. */
  patientId: z.string().exactOptional().meta({
    description: 'Present until the erasure is completed. Afterwards only the audit log identifies the patient.',
  }),
  /** Present only for the erasure of a patient. */
  keepsOut: z
    .boolean()
    .exactOptional()
    .meta({ description: 'Whether resources of the patient are never stored again.' }),
  /** The API keys that were limited to this connection and others, so that their users still learn of its erasure. */
  readerKeyIds: z.array(z.string()).exactOptional(),
  phase: z.enum(erasurePhases).describe('`queued`, `running`, and in the end `completed`.'),
  /** Raised by every transition. Updates are conditional on it. */
  version: countSchema,
  found: dataAmountsSchema
    .exactOptional()
    .meta({ description: 'What was stored at the moment when the work for the connection had been stopped.' }),
  /** After a crash the last batch may not be counted. */
  deleted: dataAmountsSchema.meta({ description: 'What was deleted until now.' }),
  warnings: z
    .array(warningSchema)
    .describe('What remains elsewhere, and what to do about it. Empty if there is nothing to report.'),
  error: z
    .strictObject({
      code: errorCodeSchema.describe('Stable, so that a program can compare it. docs/errors.md lists the codes.'),
      message: z.string().describe('What happened, and what to do if it does not end by itself.'),
    })
    .exactOptional()
    .meta({ description: 'Why the last attempt stopped. It is retried.' }),
  requestedBy: auditActorSchema,
  createdAt: z.date().describe('When the erasure was requested.'),
  stoppedAt: z.date().exactOptional().describe('When the work for the connection was stopped and the deletion began.'),
  /**
   * The Binaries and documents of the patient that were found, until the erasure is completed. The resources that referred to them are
   * already deleted, and a late write can store a Binary, or the content of a document, again.
   */
  binaryIds: z.array(z.string()).exactOptional(),
  documentIds: z.array(z.string()).exactOptional(),
  waitsFor: z
    .array(
      z.strictObject({
        id: z.string().describe('The id of the process, with which an operator confirms that it no longer exists.'),
        kind: z.string().describe('`api`, `worker` or another program.'),
        host: z.string().describe('The host name of the machine or container.'),
        pid: z.int().describe('The process id on that host.'),
        reportedAt: z.date().describe('When the process last reported.'),
      }),
    )
    .exactOptional()
    .meta({
      description:
        'Processes that may still write what was deleted, because they have not reported since the erasure began. Everything that was found is deleted. If a process no longer exists, an operator can confirm that.',
    }),
  /** Processes that have not reported this epoch may still write what the erasure deletes. Absent before the work was stopped. */
  epoch: countSchema.exactOptional(),
  completedAt: z.date().exactOptional().describe('When everything was deleted. Absent while it is running.'),
});
export type Erasure = Immutable<z.output<typeof erasureSchema>>;
