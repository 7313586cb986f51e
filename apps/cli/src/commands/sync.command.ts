import { answerOf, type components, errorOf, followEvents } from '@bulkhead/client';
import { type CommandGroup, command, emptyList, given } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option, pages } from '../option.ts';
import { toErrorText, toErrorTitle, toFailureText, toWarningText } from '../output/coded-text.ts';
import { toCount, toDuration } from '../output/for-people.ts';
import { type Answer, toSummary, toTable } from '../output/output.ts';
import { whileRunning } from '../output/report-error.ts';
import { noEvents, toEventLines } from '../output/run-events.ts';
import { patientOptions, patientsFor } from '../patient-list.ts';

type SyncRun = components['schemas']['SyncRunDetail'];

const id = 'the id of the sync';

/** Enhanced syncs. */
export const sync: CommandGroup = {
  name: 'sync',
  alias: 'syncs',
  summary: 'enhanced syncs: searches of the EHR by patient and type',
  commands: [
    command({
      name: 'start',
      summary: 'start a sync and wait for its end, for at most half a minute',
      options: {
        connection: option.required(option.text('<id>', 'the connection to sync')),
        types: option.list('<types>', 'comma-separated types of the enhanced set'),
        ...patientOptions,
        since: option.text('<time>', 'only changes since this time (default: where the last sync ended)'),
        callback: option.text('<url>', 'call this URL when the sync ends'),
        standard: option.unless('skip the standard set'),
        enhanced: option.unless('skip the enhanced set'),
        others: option.unless(
          'skip the other types that the EHR declares as searchable by patient (also skipped with --types)',
        ),
        appointments: option.flag('read the appointments to which stored Encounters refer, by their ids'),
        references: option.flag('read what stored resources refer to and is not stored, by its ids'),
        watch: option.flag('wait until the sync ends, no matter how long it takes'),
      },
      examples: [
        'sync start --connection conn_1',
        'sync start --connection conn_1 --no-standard --types Encounter,CarePlan --watch',
        'sync start --connection conn_1 --no-standard --no-enhanced --no-others --references',
      ],
      async run(context, options) {
        const { api, provider, output } = context;
        const { connection: connectionId, standard: includeStandard, enhanced: includeEnhanced } = options;
        const { types: resourceTypes, callback: callbackUrl, since, watch = false } = options;
        const includeOthers = options.others && resourceTypes === undefined;
        const { appointments: includeAppointments, references: includeReferences } = options;
        const sets = { includeStandard, includeEnhanced, includeOthers, includeAppointments, includeReferences };
        const patients = patientsFor(options, { of: 'run' });
        const body = given({ connectionId, ...sets, resourceTypes, patients, since, callbackUrl });
        const header = watch ? { prefer: 'respond-async' } : {};
        const params = { path: { provider }, header };
        const answer = await api.POST('/api/ehr/{provider}/enhanced-sync', { params, body });
        const endedId = idOfIncomplete(answer);
        if (endedId !== undefined) return finish(context, await readRun(context, endedId));
        const { data } = answerOf(answer);
        const follow = `bulkhead sync watch ${data.id}`;
        if (watch) return finish(context, await whileRunning(watchRun(context, data.id), follow));
        const state = 'url' in data ? `still running. Follow it with: ${follow}` : `${toCount(data.total)} resources`;
        output.print(data, () => `${data.id}  ${state}`);
      },
    }),
    command({
      name: 'watch',
      summary: 'wait until a sync ends',
      args: { id },
      examples: ['sync watch sync_1'],
      run: async (context, { id: runId }) => finish(context, await watchRun(context, runId)),
    }),
    command({
      name: 'list',
      summary: 'list syncs, newest first',
      options: {
        connection: option.ofConnection('syncs'),
        status: option.choice('<status>', {
          of: ['IN_PROGRESS', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED'],
          description: 'only syncs with this status',
        }),
        ...pages('syncs', 20),
      },
      examples: ['sync list', 'sync list --status FAILED', 'sync list --connection conn_1'],
      async run({ api, provider, output }, { connection: connectionId, status, limit, cursor }) {
        const params = { path: { provider }, query: given({ connectionId, status, limit, cursor }) };
        output.printList(await api.GET('/api/ehr/{provider}/sync-runs', { params }), {
          columns: {
            id: 'id',
            connection: 'connectionId',
            status: 'status',
            started: ({ startedAt, createdAt }) => startedAt ?? createdAt,
            duration: ({ startedAt, completedAt }) => toDuration(startedAt, completedAt),
            patients: 'patients',
            resources: ({ totals }) => totals?.stored,
            error: ({ errorCode }) => toErrorTitle(errorCode),
          },
          empty: emptyList({
            names: 'syncs',
            filters: { status },
            none: `No syncs. Start one with: bulkhead sync start --connection ${connectionId ?? 'ID'}`,
          }),
        });
      },
    }),
    command({
      name: 'show',
      summary: 'show a sync with a row for each type and the number of its requests',
      args: { id },
      examples: ['sync show sync_1'],
      async run(context, { id: runId }) {
        const run = await readRun(context, runId);
        context.output.print(run, () => summarize(run));
      },
    }),
    command({
      name: 'events',
      summary: 'list what happened to a sync, oldest first: waits, searches that failed, who cancelled it',
      args: { id },
      examples: ['sync events sync_1'],
      async run({ api, provider, output }, { id: runId }) {
        const params = { path: { provider, id: runId } };
        output.printList(await api.GET('/api/ehr/{provider}/sync-runs/{id}/log', { params }), {
          columns: toEventLines,
          empty: noEvents,
        });
      },
    }),
    command({
      name: 'cancel',
      summary: 'cancel a sync, which stops at its next page; what it stored stays',
      args: { id },
      examples: ['sync cancel sync_1'],
      async run({ api, provider, output }, { id: runId }) {
        const params = { path: { provider, id: runId } };
        output.printAnswer(await api.DELETE('/api/ehr/{provider}/sync-runs/{id}', { params }), 'status');
      },
    }),
    command({
      name: 'retry',
      summary: 'retry the failed searches of a sync',
      args: { id },
      examples: ['sync retry sync_1'],
      async run({ api, provider, output }, { id: runId }) {
        const params = { path: { provider, id: runId } };
        output.printAnswer(await api.POST('/api/ehr/{provider}/sync-runs/{id}/retry', { params }), 'status');
      },
    }),
  ],
};

async function readRun({ api, provider }: Context, id: string): Promise<SyncRun> {
  const params = { path: { provider, id } };
  return answerOf(await api.GET('/api/ehr/{provider}/sync-runs/{id}', { params })).data;
}

async function watchRun(context: Context, runId: string): Promise<SyncRun> {
  const { api, provider, output } = context;
  const params = { path: { provider, id: runId } };
  const open = () => api.GET('/api/ehr/{provider}/sync-runs/{id}/events', { params, parseAs: 'stream' });
  for await (const { data } of followEvents<{ 'sync-run': SyncRun }>(open)) {
    output.printProgress(
      `${data.status}  ${toProgress(data)}${toCount(data.requests)} requests, ${toCount(data.total)} resources`,
    );
  }
  return readRun(context, runId);
}

function toProgress({ progress }: SyncRun): string {
  if (!progress) return '';
  const { searches, done, perMinute, leftSeconds } = progress;
  const rate = perMinute === undefined ? '' : `${perMinute} searches per minute, `;
  const left = leftSeconds === undefined ? '' : `${leftSeconds} s left, `;
  return `${done} of ${searches} searches, ${rate}${left}`;
}

function summarize(run: SyncRun): string {
  const { id: runId, status, warnings, retrying, skipped, patients } = run;
  return toSummary({
    headline: `${runId}  ${status}`,
    fields: {
      connection: run.connectionId,
      started: run.startedAt,
      completed: run.completedAt,
      doing: run.activity?.message,
      patients,
      resources: run.total,
      requests: run.requests,
      // Known when every search has ended.
      minimumRequests: status === 'COMPLETED' ? run.minimumRequests : undefined,
      error: toFailureText(run),
      'text of the EHR': run.ehrText,
    },
    lists: {
      Types: toTable(run.byType, {
        type: 'resourceType',
        fetched: 'fetched',
        stored: 'stored',
        unchanged: 'unchanged',
        incomplete: 'incomplete',
        failed: 'failed',
      }),
      Warnings: warnings.map(toWarningText),
      Retrying: retrying.map(
        ({ state, resourceType, since, attempts, ...error }) =>
          `${state}  ${resourceType}: ${toErrorText(error)} Since ${since}, ${attempts} attempts`,
      ),
      Skipped: skipped.map(({ resourceType, reason }) => `${resourceType}: ${reason}`),
    },
    next: nextCommands(run),
  });
}

function nextCommands({ id, status }: SyncRun): string[] {
  if (status === 'IN_PROGRESS') return [`sync watch ${id}`, `sync events ${id}`];
  const hasFailed = status === 'PARTIAL' || status === 'FAILED';
  return [`sync events ${id}`, ...(hasFailed ? [`sync retry ${id}`] : [])];
}

/** The API answers 502 if a sync ended with missing data. The record of the sync says how much is missing. */
function idOfIncomplete({ error, response }: Answer<unknown>) {
  if (response.ok) return undefined;
  const { code, details = {} } = errorOf({ status: response.status, body: error });
  return code === 'sync-incomplete' ? (details as { syncRunId?: string }).syncRunId : undefined;
}

/** @throws CliError if the sync did not complete, or ended with missing data */
function finish({ output }: Context, run: SyncRun): void {
  const { id: runId, status, total, warnings, skipped } = run;
  const warned = warnings.map((warning) => `\nwarning  ${toWarningText(warning)}`).join('');
  const left = skipped.map(({ resourceType, reason }) => `\nskipped  ${resourceType}: ${reason}`).join('');
  const statusText = status === 'COMPLETED' ? '' : `${status}  `;
  output.print(run, () => `${runId}  ${statusText}${toCount(total)} resources${warned}${left}`);
  if (status === 'COMPLETED') {
    // What the provider never offers is shown, and only what is missing in this run fails the command.
    const missing = skipped.filter(({ always }) => always !== true).map(({ resourceType }) => resourceType);
    if (missing.length === 0) return;
    const message = `The sync left out types that the EHR does not offer: ${missing.join(', ')}.`;
    throw new CliError('partial', message);
  }
  throw new CliError(status === 'PARTIAL' ? 'partial' : 'failed', toFailureText(run) ?? `The sync is ${status}.`);
}
