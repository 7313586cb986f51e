import { bulkExportPhases, exportTypes } from '@bulkhead/domain';
import { z } from 'zod';
import { count, failureSchema, instant, warningSchema } from './common.schema.ts';

const statusSchema = z.enum(['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED']);

export const startedExportSchema = z
  .strictObject({
    id: z.string(),
    status: statusSchema,
    statusUrl: z.string().optional(),
    startedAt: instant,
    errorMessage: z.string().optional(),
    droppedParameters: z.array(z.string()).optional(),
    warnings: z.array(warningSchema).optional(),
  })
  .meta({ id: 'StartedExport', description: 'The guide’s answer to a kick-off.' });

const issueSchema = z.strictObject({ severity: z.string(), code: z.string(), count }).meta({ id: 'IssueCount' });

export const exportSchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    status: statusSchema,
    outputUrls: z.array(z.string()).optional(),
    startedAt: instant,
    completedAt: instant.optional(),
    errorMessage: z.string().optional(),
    errorCode: z.string().optional(),
    phase: z.enum(bulkExportPhases),
    timeline: z.array(z.strictObject({ phase: z.enum(bulkExportPhases), at: instant })),
    statusUrl: z.string().optional(),
    progress: z.string().optional(),
    request: z.strictObject({
      exportType: z.enum(exportTypes),
      resourceTypes: z.array(z.string()),
      since: z.string().optional(),
      sinceLast: z.boolean().optional(),
      typeFilters: z.array(z.string()).optional(),
    }),
    scheduleId: z.string().optional(),
    counts: z.strictObject({
      files: count,
      filesCompleted: count,
      filesFailed: count,
      filesSkipped: count,
      promised: count,
      stored: count,
      unchanged: count,
      stale: count,
      quarantined: count,
      deleted: count,
      bytes: count,
    }),
    issues: z.array(issueSchema),
    warnings: z.array(warningSchema),
    droppedParameters: z.array(z.string()),
  })
  .meta({ id: 'Export', description: 'The guide’s export status, and beside its fields what explains them.' });

export const outputFileSchema = z
  .strictObject({
    id: z.string(),
    section: z.enum(['output', 'deleted', 'error']),
    type: z.string(),
    url: z.string(),
    state: z.enum(['pending', 'downloading', 'completed', 'failed', 'skipped', 'cancelled']),
    promisedCount: count.optional(),
    bytes: count,
    lines: count,
    stored: count,
    unchanged: count,
    stale: count,
    quarantined: count,
    deleted: count,
    issues: z.array(issueSchema),
    attempts: count,
    error: failureSchema.optional(),
    startedAt: instant.optional(),
    completedAt: instant.optional(),
  })
  .meta({ id: 'OutputFile', description: 'A file of the manifest, with what became of its lines.' });
