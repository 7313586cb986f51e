import { answerOf, type components, followEvents } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option, pages } from '../option.ts';
import { toErrorText, toErrorTitle, toFailureText, toWarningText } from '../output/coded-text.ts';
import { toCount, toDuration, toTypes } from '../output/for-people.ts';
import { toSummary } from '../output/output.ts';
import { whileRunning } from '../output/report-error.ts';
import { noEvents, toEventLines } from '../output/run-events.ts';
import { patientOptions, patientsFor } from '../patient-list.ts';
import { type Export, readExport, readFiles, watchExport } from './watch-export.ts';

type OutputFile = components['schemas']['OutputFile'];

const id = 'the id of the export';
const signedUrls = option.flag('show the whole links of files that need no token, with --json');
const none = 'No exports. Start one with: bulkhead export start --connection ID';
const noneWithStatus = 'No exports have this status. Leave out --status to see all of them.';
const listColumns = {
  id: (record: Export) => record.id,
  connection: ({ connectionId }: Export) => connectionId,
  status: (record: Export) => toStatusText(record),
  types: ({ request }: Export) => toTypes(request.resourceTypes),
  started: ({ startedAt }: Export) => startedAt,
  duration: ({ startedAt, completedAt }: Export) => toDuration(startedAt, completedAt),
  stored: ({ counts }: Export) => counts.stored,
  quarantined: ({ counts }: Export) => counts.quarantined,
  error: ({ errorCode }: Export) => toErrorTitle(errorCode),
};

export const bulkExports: CommandGroup = {
  name: 'export',
  alias: 'exports',
  summary: 'bulk exports of a practice',
  commands: [
    command({
      name: 'start',
      summary: 'start an export and print its id',
      options: {
        connection: option.required(option.text('<id>', 'the connection to export')),
        types: option.list('<types>', 'comma-separated resource types (default: all types)'),
        since: {
          ...option.instant('only changes since this time, or since the last export (`last`)'),
          argument: '<when>',
        },
        level: option.withDefault(
          option.choice('<level>', { of: ['Patient', 'Group', 'System'], description: 'what is exported' }),
          'Patient',
        ),
        typeFilter: option.repeated('<filter>', 'only resources that match, such as "Observation?category=laboratory"'),
        allowUnfiltered: option.flag('export everything of the types if the EHR refuses --type-filter'),
        ...patientOptions,
        cohort: option.text('<name>', 'only the patients of this cohort'),
        until: { ...option.instant('only changes until this time'), argument: '<when>' },
        elements: option.list(
          '<elements>',
          'comma-separated elements, such as id,Patient.name; the versions count as incomplete',
        ),
        organizeOutputBy: option.text('<type>', 'organize the files by this type of resource'),
        callback: option.text('<url>', 'call this URL when the export ends'),
        idempotencyKey: option.text('<key>', 'start nothing if an export was started with the same key'),
        watch: option.flag('show the progress until the export ends'),
      },
      examples: [
        'export start --connection conn_1 --types Patient,Observation --watch',
        'export start --connection conn_1 --since last',
        'export start --connection conn_1 --patients p1,p2 --until 2026-01-01T00:00:00Z',
        'export start --connection conn_1 --cohort diabetes',
        'export start --connection conn_1 --level Group --type-filter "Observation?category=laboratory"',
      ],
      async run(context, options) {
        const { api, provider, output } = context;
        const { connection: connectionId, level: exportType, types: resourceTypes, since, idempotencyKey } = options;
        const { typeFilter: typeFilters, callback: callbackUrl, watch } = options;
        const params = { path: { provider }, header: given({ 'idempotency-key': idempotencyKey }) };
        const allowUnfiltered = options.allowUnfiltered || undefined;
        const body = given({
          connectionId,
          exportType,
          resourceTypes,
          since,
          typeFilters,
          allowUnfiltered,
          patients: patientsFor(options, { of: 'run' }),
          cohort: options.cohort,
          until: options.until,
          elements: options.elements,
          organizeOutputBy: options.organizeOutputBy,
          callbackUrl,
        });
        const { data } = answerOf(await api.POST('/api/ehr/{provider}/bulk-export', { params, body }));
        if (!watch) return output.print(data, () => data.id);
        output.printProgress(data.id);
        const ended = whileRunning(watchExport(context, data.id), `bulkhead export watch ${data.id}`);
        return finish(context, await ended);
      },
    }),
    command({
      name: 'watch',
      summary: 'show the progress of an export until it ends, with a bar for each file',
      args: { id },
      examples: ['export watch job_1'],
      run: async (context, { id: jobId }) => finish(context, await watchExport(context, jobId)),
    }),
    command({
      name: 'list',
      summary: 'list exports, newest first',
      options: {
        connection: option.ofConnection('exports'),
        status: option.choice('<status>', {
          of: ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'],
          description: 'only exports with this status',
        }),
        ...pages('exports', 20),
        watch: option.flag('print the newest exports again whenever one of them changes'),
      },
      examples: ['export list', 'export list --status FAILED --limit 1', 'export list --connection conn_1 --watch'],
      async run(context, { connection: connectionId, status, limit, cursor, watch }) {
        const { api, provider, output } = context;
        const view = { columns: listColumns, empty: status === undefined ? none : noneWithStatus };
        if (watch) {
          const path = '/api/ehr/{provider}/bulk-export/events';
          const params = { path: { provider }, query: given({ connectionId }) };
          const open = () => api.GET(path, { params, parseAs: 'stream' });
          for await (const { data } of followEvents<{ exports: Export[] }>(open)) {
            const shown = data.filter((record) => status === undefined || record.status === status);
            output.printRows(shown.slice(0, limit), view);
          }
          return;
        }
        const params = { path: { provider }, query: given({ limit, connectionId, status, cursor }) };
        output.printList(await api.GET('/api/ehr/{provider}/bulk-export', { params }), view);
      },
    }),
    command({
      name: 'show',
      summary: 'show the status, the counts and the warnings of an export',
      args: { id },
      options: { signedUrls },
      examples: ['export show job_1', 'export show job_1 --signed-urls --json'],
      async run(context, { id: jobId, signedUrls: withSignedUrls }) {
        const record = await readExport(context, jobId, withSignedUrls);
        context.output.print(record, () => summarize(record));
      },
    }),
    command({
      name: 'files',
      summary: 'list the files of an export with the outcome of their lines',
      args: { id },
      options: { signedUrls },
      examples: ['export files job_1', 'export files job_1 --signed-urls --json'],
      async run(context, { id: jobId, signedUrls: withSignedUrls }) {
        context.output.printRows(await readFiles(context, jobId, withSignedUrls), {
          columns: {
            type: ({ type }: OutputFile) => type,
            section: 'section',
            state: 'state',
            lines: 'lines',
            stored: 'stored',
            quarantined: 'quarantined',
            error: ({ error }) => toErrorTitle(error?.code),
          },
          empty: `The export has no files. See its status with: bulkhead export show ${jobId}`,
        });
      },
    }),
    command({
      name: 'events',
      summary: 'list what happened to an export, oldest first: waits, retries, files that failed, who cancelled it',
      args: { id },
      examples: ['export events job_1'],
      async run({ api, provider, output }, { id: jobId }) {
        const params = { path: { provider, jobId } };
        output.printList(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}/log', { params }), {
          columns: toEventLines,
          empty: noEvents,
        });
      },
    }),
    command({
      name: 'cancel',
      summary: 'cancel an export immediately; what it stored stays',
      args: { id },
      examples: ['export cancel job_1'],
      async run({ api, provider, output }, { id: jobId }) {
        const params = { path: { provider, jobId } };
        output.printAnswer(await api.DELETE('/api/ehr/{provider}/bulk-export/{jobId}', { params }), 'status');
      },
    }),
    command({
      name: 'retry',
      summary: 'retry a failed export, which fetches only the missing data',
      args: { id },
      examples: ['export retry job_1'],
      async run({ api, provider, output }, { id: jobId }) {
        const params = { path: { provider, jobId } };
        output.printAnswer(await api.POST('/api/ehr/{provider}/bulk-export/{jobId}/retry', { params }), 'status');
      },
    }),
  ],
};

function toStatusText({ status, partial = false }: Export): string {
  return partial ? `${status}, partial` : status;
}

function summarize(record: Export): string {
  const { id: jobId, status, phase, counts, request, warnings, issues, watermarks = [], retrying, parts } = record;
  return toSummary({
    headline: `${jobId}  ${toStatusText(record)}`,
    fields: {
      connection: record.connectionId,
      request: toRequestText(request),
      parts: parts && parts.total > 1 ? `${parts.completed} of ${parts.total}` : undefined,
      phase: status === 'IN_PROGRESS' ? phase : undefined,
      progress: record.progress,
      activity: record.activity?.message,
      'next request': record.activity?.until,
      started: record.startedAt,
      completed: record.completedAt,
      files: `${counts.filesCompleted} of ${counts.files}${counts.filesFailed > 0 ? `, ${counts.filesFailed} failed` : ''}`,
      stored: counts.stored,
      unchanged: counts.unchanged,
      stale: counts.stale,
      deleted: counts.deleted,
      quarantined: counts.quarantined,
      withheld: counts.withheld,
      error: toFailureText(record),
      'text of the EHR': record.ehrText,
      retrying: retrying && `${toErrorText(retrying)} (${retrying.attempts} attempts)`,
    },
    lists: {
      Warnings: warnings.map(toWarningText),
      'Issues of the EHR': issues.map((issue) => `${issue.severity} ${issue.code}: ${issue.count}`),
      'Watermarks held': watermarks
        .filter(({ advanced }) => !advanced)
        .map(({ resourceType, reasons }) => `${resourceType}: ${reasons.map(({ message }) => message).join(' ')}`),
    },
    next: nextCommands(record),
  });
}

function toRequestText(request: Export['request']): string {
  const { exportType, resourceTypes, since, sinceLast, typeFilters = [], patients, cohort } = request;
  const types = resourceTypes.length === 0 ? 'all types' : resourceTypes.join(', ');
  const period = since === undefined ? '' : ` since ${since}${sinceLast ? ' (the last export)' : ''}`;
  const of = patients ? [`${patients.length} ${patients.length === 1 ? 'patient' : 'patients'}`] : [];
  const named = cohort === undefined ? [] : [`cohort ${cohort}`];
  return [`${exportType}: ${types}${period}`, ...of, ...named, ...typeFilters].join(', ');
}

function nextCommands({ id: jobId, status, counts }: Export): string[] {
  if (status === 'IN_PROGRESS') return [`export watch ${jobId}`, `export events ${jobId}`];
  return [
    `export files ${jobId}`,
    `export events ${jobId}`,
    ...(status === 'FAILED' ? [`export retry ${jobId}`] : []),
    ...(counts.quarantined > 0 ? [`quarantine list --run ${jobId}`] : []),
  ];
}

/** @throws CliError if the export did not complete, or completed with missing data */
function finish({ output }: Context, record: Export): void {
  const { id: jobId, status, partial = false, counts, warnings } = record;
  const { stored, quarantined } = counts;
  const warned = warnings.map((warning) => `\nwarning  ${toWarningText(warning)}`).join('');
  output.print(
    record,
    () => `${jobId}  ${toStatusText(record)}  ${toCount(stored)} stored, ${toCount(quarantined)} quarantined${warned}`,
  );
  if (status !== 'COMPLETED') {
    throw new CliError('failed', toFailureText(record) ?? `The export is ${status}.`);
  }
  if (!partial) return;
  throw new CliError(
    'partial',
    `The export completed, but something is missing. Read its warnings and run bulkhead export files ${jobId}.`,
  );
}
