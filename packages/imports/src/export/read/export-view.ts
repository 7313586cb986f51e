import { errorCodeSchema, shownUrl } from '@bulkhead/base';
import { countSchema, ehrTextSchema, forReader, type Reader, type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import {
  retryingViewSchema,
  runActivitySchema,
  runEventFields,
  toRetryingView,
  type ViewFor,
} from '../../runs/run-view.ts';
import {
  type BulkExport,
  bulkExportSchema,
  type ExportEvent,
  exportEventSchema,
  type IssueCount,
  issueCountSchema,
  lacksData,
} from '../bulk-export.record.ts';
import { publicStatus } from '../bulk-export-phase.ts';
import { fileCheckpointSchema, type OutputFile, outputFileSchema } from '../output-file.record.ts';
import type { Slice } from '../patients/slice.record.ts';
import { holdReasons, type WatermarkDecision, watermarkDecisionSchema } from '../watermarks/watermark.record.ts';
import { exportActivity, type ProgressContext, phaseMessages } from './export-activity.ts';
import { droppedFrom, droppedParametersSchema, errorMessageSchema, statusSchema } from './started-view.ts';

const decisionViewSchema = z
  .strictObject({
    resourceType: watermarkDecisionSchema.shape.resourceType,
    advanced: z
      .boolean()
      .meta({ description: 'Whether the next export with since "last" continues at the end of this one.' }),
    reasons: z
      .array(
        z.strictObject({
          code: watermarkDecisionSchema.shape.reasons.element.describe('Why: docs/errors.md lists the codes.'),
          message: z.string().describe('The reason in a sentence.'),
        }),
      )
      .describe('Why the watermark was held. Empty if it advanced.'),
  })
  .meta({ id: 'WatermarkDecision', description: 'Whether the watermark of a type advanced, and if not, why.' });

const { id, connectionId, createdAt, completedAt, phase, timeline, statusUrl, progress, warnings, ...shownFields } =
  viewShapeOf(bulkExportSchema, [
    'id',
    'connectionId',
    {
      request: [
        'exportType',
        'resourceTypes',
        'since',
        'sinceLast',
        'typeFilters',
        'allowUnfiltered',
        'patients',
        'cohort',
        'until',
        'elements',
        'organizeOutputBy',
      ],
    },
    'phase',
    { timeline: ['phase', 'at'] },
    'statusUrl',
    'progress',
    'progressedAt',
    'scheduleId',
    'startedBy',
    { warnings: ['code', 'message', 'ehrText'] },
    {
      counts: [
        'files',
        'filesCompleted',
        'filesFailed',
        'filesSkipped',
        'promised',
        'stored',
        'unchanged',
        'stale',
        'quarantined',
        'withheld',
        'notAsked',
        'deleted',
        'bytes',
      ],
    },
    'createdAt',
    'completedAt',
  ]);

const partsSchema = z
  .strictObject({
    total: countSchema.describe('The kick-offs that the export needs.'),
    completed: countSchema.describe('Those that have ended.'),
    patients: countSchema.describe('The patients of all parts.'),
  })
  .meta({
    description:
      'The parts of an export of listed patients, or of a Group and the patients who joined it. Absent before its first kick-off, and in lists.',
  });

export const exportViewSchema = z
  .strictObject({
    id,
    connectionId,
    status: statusSchema,
    partial: z.boolean().exactOptional().meta({
      description:
        'For a completed export: whether something that was requested was not received, or could not be stored. A line that is still in the quarantine counts too: see `counts.quarantined`.',
    }),
    outputUrls: z.array(z.string()).exactOptional().meta({
      description:
        'The URLs of the files at the EHR, from which the resources were stored. Read the stored resources with `GET /api/ehr/{provider}/resources/{type}`. A URL that needs no token is shown without its query. See `signedUrls`.',
    }),
    startedAt: createdAt,
    completedAt,
    errorMessage: errorMessageSchema,
    errorCode: errorCodeSchema
      .exactOptional()
      .describe('The code of the failure: docs/errors.md lists the codes. Present only if the export failed.'),
    ehrText: ehrTextSchema,
    phase,
    timeline: timeline
      .unwrap()
      .describe('The last 50 phases, oldest first. Empty for exports of versions that did not keep it.'),
    statusUrl,
    progress,
    retrying: retryingViewSchema.exactOptional(),
    activity: runActivitySchema.exactOptional(),
    parts: partsSchema.exactOptional(),
    ...shownFields,
    issues: z.array(issueCountSchema).describe('Problems that the EHR reported in its files. Empty in lists.'),
    watermarks: z
      .array(decisionViewSchema)
      .exactOptional()
      .describe('For each type: whether its watermark advanced. Present after a completed export.'),
    warnings,
    droppedParameters: droppedParametersSchema,
  })
  .meta({ id: 'Export', description: 'The export status of the guide, with additional fields that explain it.' });

export const outputFileViewSchema = z
  .strictObject({
    ...viewShapeOf(outputFileSchema, ['id', 'section', 'type', 'url', { cut: ['bytes', 'times'] }, 'state']),
    partial: z
      .boolean()
      .exactOptional()
      .meta({ description: 'For a failed file: whether some of its lines are stored.' }),
    ...viewShapeOf(outputFileSchema, ['promisedCount', 'receivedCount']),
    ...viewShapeOf(fileCheckpointSchema, [
      'bytes',
      'lines',
      'stored',
      'unchanged',
      'stale',
      'quarantined',
      'withheld',
      'notAsked',
      'deleted',
      'unreadableDeletions',
      'setBack',
      'contradictions',
      'incomplete',
      'outcomes',
      'headers',
      'types',
      { issues: ['severity', 'code', 'count', 'types', 'mentionedTypes', 'ehrText'] },
    ]),
    ...viewShapeOf(outputFileSchema, ['attempts']),
    retrying: retryingViewSchema.exactOptional(),
    ...viewShapeOf(outputFileSchema, [{ error: ['code', 'message', 'ehrText'] }, 'startedAt', 'completedAt']),
  })
  .meta({ id: 'OutputFile', description: 'A file of the manifest, with the results of its lines.' });

export const exportEventViewSchema = z
  .strictObject({
    ...viewShapeOf(exportEventSchema, [...runEventFields, 'kind', 'phase', 'fileId', 'resourceType']),
    message: z.string().describe('What happened, in a sentence, and what to do if it failed.'),
  })
  .meta({ id: 'ExportEvent', description: 'Something that happened to an export.' });

export type ExportView = View<typeof exportViewSchema>;
type ExportEventView = View<typeof exportEventViewSchema>;

/**
 * The response of "Check Export Status" in the guide, with additional fields that explain it.
 * @param options.files the whole ledger. Without it, `outputUrls` is not shown
 */
export function toStatusView(
  options: ViewFor &
    ProgressContext & {
      readonly record: BulkExport;
      readonly files?: readonly OutputFile[];
      /** The issues that the server reported in OperationOutcomes. */
      readonly issues?: readonly IssueCount[];
    },
): ExportView {
  const { record, files, issues = [], isOperator, withSignedUrls, usualMs, waitingDownloads, pause } = options;
  const { error, timeline = [], retrying } = record;
  const status = publicStatus(record.phase);
  const isUnderWay = status === 'IN_PROGRESS';
  const progress = progressFor(record.progress, { isOperator });
  const isCompleted = status === 'COMPLETED';
  const output = files?.filter(({ section }) => section === 'output');
  return viewOf(exportViewSchema, {
    ...record,
    status,
    partial: isCompleted ? lacksData(record) : undefined,
    outputUrls: isCompleted ? output?.map((file) => shownUrl(file, { withSignedUrls })) : undefined,
    startedAt: record.createdAt,
    errorMessage: error?.message,
    errorCode: error?.code,
    ehrText: isOperator ? error?.ehrText : undefined,
    timeline,
    warnings: record.warnings.map((warning) => forReader(warning, { isOperator })),
    // The last progress of the EHR is outdated once it has written the files.
    progress: record.phase === 'exporting' ? progress : undefined,
    retrying: retrying !== undefined && isUnderWay ? toRetryingView(retrying, { isOperator }) : undefined,
    activity: exportActivity({ record, progress, usualMs, waitingDownloads, pause }),
    issues: issues.map((issue) => forReader(issue, { isOperator })),
    droppedParameters: droppedFrom(record),
    parts: record.slices && partsOf(record.slices),
    watermarks: record.watermarkDecisions?.map(toDecisionView),
  });
}

function partsOf(slices: readonly Slice[]): View<typeof partsSchema> {
  return {
    total: slices.length,
    completed: slices.filter(({ state }) => state !== undefined).length,
    patients: new Set(slices.flatMap(({ patients }) => patients)).size,
  };
}

export function toFileView(
  file: OutputFile,
  { isOperator, withSignedUrls }: ViewFor,
): View<typeof outputFileViewSchema> {
  const { state, checkpoint, retrying, error } = file;
  return viewOf(outputFileViewSchema, {
    ...checkpoint,
    ...file,
    url: shownUrl(file, { withSignedUrls }),
    partial: state === 'failed' ? checkpoint.lines > 0 : undefined,
    issues: checkpoint.issues.map((issue) => forReader(issue, { isOperator })),
    retrying: retrying && toRetryingView(retrying, { isOperator }),
    error: error && forReader(error, { isOperator }),
  });
}

/** Only operators see what the EHR said. Of its progress, a client sees the percentage. */
export function toEventView(event: ExportEvent, { isOperator }: Reader): ExportEventView {
  return viewOf(exportEventViewSchema, {
    ...event,
    message: event.message ?? describeEvent(event, { isOperator }),
    ehrText: isOperator ? event.ehrText : undefined,
  });
}

function describeEvent({ phase, ehrText }: ExportEvent, reader: Reader): string {
  if (phase !== undefined) return phaseMessages[phase];
  const progress = progressFor(ehrText, reader);
  return `The EHR has reported progress${progress === undefined ? '' : `: ${progress}`}.`;
}

/** `X-Progress` is free text of the EHR. A client sees only the percentage in it, if there is one. */
function progressFor(progress: string | undefined, { isOperator }: Reader): string | undefined {
  return isOperator ? progress : /\b\d{1,3}(?:\.\d{1,2})?\s?%/.exec(progress ?? '')?.[0];
}

function toDecisionView({ resourceType, reasons }: WatermarkDecision): View<typeof decisionViewSchema> {
  return {
    resourceType,
    advanced: reasons.length === 0,
    reasons: reasons.map((code) => ({ code, message: holdReasons[code] })),
  };
}
