import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import { z } from 'zod';
import { findingGroupSchema } from '../health/finding-group.ts';
import { severitySchema } from '../health/health-check.ts';

const storedCheckSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  severity: severitySchema,
  reason: z.string(),
  action: z.string().exactOptional(),
  groups: z.array(findingGroupSchema),
  isUnread: z.boolean(),
  /** When its data was last read. */
  readAt: z.date(),
});

/** What a list of connections shows of the work of one. */
const connectionWorkSchema = z.strictObject({
  connectionId: z.string(),
  lagMs: z.number().exactOptional(),
  isScheduled: z.boolean().exactOptional(),
  nextRunAt: z.date().exactOptional(),
  /** The newest export that has ended and was not cancelled. */
  lastExport: z
    .strictObject({
      id: z.string(),
      provider: z.string(),
      status: z.string(),
      endedAt: z.date().exactOptional(),
      code: errorCodeSchema.exactOptional(),
    })
    .exactOptional(),
});
export type ConnectionWork = Immutable<z.output<typeof connectionWorkSchema>>;

/** What a worker has found in the stored data, and when. See `health/checks.ts`. */
export const checkedDataSchema = z.strictObject({
  checkedAt: z.date(),
  checks: z.array(storedCheckSchema),
  connections: z.array(connectionWorkSchema),
});
export type CheckedData = Immutable<z.output<typeof checkedDataSchema>>;
