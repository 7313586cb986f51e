import { bulkExportPhases, holdReasons } from '@bulkhead/bulk-export';
import { retryingViewSchema } from '@bulkhead/bulk-export/commands';
import { exportTypes } from '@bulkhead/fhir';
import { ehrTextSchema, failureSchema, warningSchema, withheldCountSchema } from '@bulkhead/store';
import { z } from 'zod';
import { count, instant } from '../common.schema.ts';
import { at, connectionId, exportId, later } from '../example-values.ts';

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

const issueSchema = z
  .strictObject({
    severity: z.string(),
    code: z.string(),
    count,
    types: z.array(z.string()).optional().meta({ description: 'The resource types that it concerns. Left out: any.' }),
    ehrText: ehrTextSchema,
  })
  .meta({ id: 'IssueCount' });

const watermarkDecisionSchema = z
  .strictObject({
    resourceType: z.string().meta({ description: 'A FHIR type, or `*` for exports of every type.' }),
    advanced: z.boolean().meta({ description: 'The next export with since "last" continues from here.' }),
    reasons: z.array(z.strictObject({ code: z.enum(Object.keys(holdReasons)), message: z.string() })),
  })
  .meta({ id: 'WatermarkDecision', description: 'Whether the watermark of a type advanced, and if not, why.' });

export const exportSchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    status: statusSchema,
    partial: z.boolean().optional().meta({
      description: 'Of a completed export: something that was asked for did not come or could not be stored.',
    }),
    outputUrls: z.array(z.string()).optional().meta({
      description:
        'Addresses of the files. Those that open a file without a token come without their query: see `signedUrls`.',
    }),
    startedAt: instant,
    completedAt: instant.optional(),
    errorMessage: z.string().optional(),
    errorCode: z.string().optional(),
    ehrText: ehrTextSchema,
    phase: z.enum(bulkExportPhases),
    timeline: z.array(z.strictObject({ phase: z.enum(bulkExportPhases), at: instant })),
    statusUrl: z.string().optional(),
    progress: z.string().optional(),
    retrying: retryingViewSchema.optional(),
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
      withheld: withheldCountSchema,
      deleted: count,
      bytes: count,
    }),
    issues: z.array(issueSchema),
    watermarks: z.array(watermarkDecisionSchema).optional(),
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
    partial: z.boolean().optional().meta({ description: 'Of a failed file: some of its lines are stored.' }),
    promisedCount: count.optional(),
    receivedCount: count
      .optional()
      .meta({ description: 'Resources that two downloads had, if that is not `promisedCount`.' }),
    bytes: count,
    lines: count,
    stored: count,
    unchanged: count,
    stale: count,
    quarantined: count,
    withheld: withheldCountSchema,
    deleted: count,
    unreadableDeletions: count.optional().meta({ description: 'Quarantined lines of a `deleted` file.' }),
    outcomes: count.optional().meta({ description: 'OperationOutcomes among the resources.' }),
    types: z.array(z.string()).optional().meta({ description: 'Of a file of unknown type: those that were stored.' }),
    issues: z.array(issueSchema),
    attempts: count,
    retrying: retryingViewSchema.optional(),
    error: failureSchema.optional(),
    startedAt: instant.optional(),
    completedAt: instant.optional(),
  })
  .meta({ id: 'OutputFile', description: 'A file of the manifest, with what became of its lines.' });

export const statusUrl = 'https://api.platform.athenahealth.com/fhir/r4/bulkstatus/a16e5f3bf287e933a4';
const fileUrl = 'https://api.platform.athenahealth.com/fhir/r4/bulkdata/a16e5f3bf287e933a4/Patient.ndjson';

export const exportExample = {
  id: exportId,
  connectionId,
  status: 'COMPLETED',
  outputUrls: [fileUrl],
  startedAt: at,
  completedAt: later,
  phase: 'completed',
  timeline: [
    { phase: 'queued', at },
    { phase: 'kicking-off', at },
    { phase: 'exporting', at },
    { phase: 'downloading', at: later },
    { phase: 'finalizing', at: later },
    { phase: 'completed', at: later },
  ],
  statusUrl,
  request: { exportType: 'Patient', resourceTypes: ['Patient'] },
  counts: {
    files: 1,
    filesCompleted: 1,
    filesFailed: 0,
    filesSkipped: 0,
    promised: 200,
    stored: 200,
    unchanged: 0,
    stale: 0,
    quarantined: 0,
    deleted: 0,
    bytes: 204_800,
  },
  issues: [],
  warnings: [],
  droppedParameters: [],
};

export const outputFileExample = {
  id: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11',
  section: 'output',
  type: 'Patient',
  url: fileUrl,
  state: 'completed',
  promisedCount: 200,
  bytes: 204_800,
  lines: 200,
  stored: 200,
  unchanged: 0,
  stale: 0,
  quarantined: 0,
  deleted: 0,
  issues: [],
  attempts: 1,
  startedAt: at,
  completedAt: later,
};
