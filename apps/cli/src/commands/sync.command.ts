import { setTimeout as delay } from 'node:timers/promises';
import { answerOf, type components, errorOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, list, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';

type SyncRun = components['schemas']['SyncRunDetail'];

/** A sync of a practice takes minutes, so this is often enough. */
const pollEveryMs = 2000;

interface StartOptions {
  readonly connection: string;
  readonly types?: readonly string[];
  readonly patients?: readonly string[];
  readonly since?: string;
  readonly standard: boolean;
  readonly enhanced: boolean;
  readonly watch?: boolean;
}

/** Enhanced syncs. */
export function addSync(program: Command, environment: Environment): void {
  const sync = program.command('sync').description('enhanced syncs: crawls by patient and type');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(sync, { definition, environment });

  add<StartOptions>({
    usage: 'start',
    description: 'start a sync and wait for its end, for at most half a minute',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'the connection to sync')
        .option('--types <types>', 'comma-separated types of the enhanced set', list)
        .option('--patients <ids>', 'comma-separated patients (default: all stored patients)', list)
        .option('--since <instant>', 'only changes since this instant (default: where the last sync ended)')
        .option('--no-standard', 'skip the standard set')
        .option('--no-enhanced', 'skip the enhanced set')
        .option('--watch', 'wait until the sync ends, no matter how long it takes'),
    async run(context, _args, options) {
      const { api, provider, output } = context;
      const { connection: connectionId, types, patients, since, standard, enhanced, watch = false } = options;
      const body = {
        connectionId,
        includeStandard: standard,
        includeEnhanced: enhanced,
        ...(types === undefined ? {} : { resourceTypes: [...types] }),
        ...(patients === undefined ? {} : { patients: [...patients] }),
        ...(since === undefined ? {} : { since }),
      };
      const header = watch ? { prefer: 'respond-async' } : {};
      const params = { path: { provider }, header };
      const answer = await api.POST('/api/ehr/{provider}/enhanced-sync', { params, body });
      const endedId = idOfIncomplete(answer);
      if (endedId !== undefined) return finish(context, await readRun(context, endedId));
      const { data } = answerOf(answer);
      if (watch) return finish(context, await watchRun(context, data.id));
      const text =
        'url' in data ? `still running. Follow it with: bulkhead sync watch ${data.id}` : `${data.total} resources`;
      output.print(data, () => `${data.id}  ${text}`);
    },
  });

  add({
    usage: 'watch <id>',
    description: 'wait until a sync ends',
    run: async (context, [id = '']) => finish(context, await watchRun(context, id)),
  });

  add<{ readonly connection: string; readonly limit: number }>({
    usage: 'list',
    description: 'list syncs, newest first',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'the connection of the syncs')
        .option('--limit <n>', 'maximum number of syncs', wholeNumber, 20),
    async run({ api, provider, output }, _args, { connection: connectionId, limit }) {
      const params = { path: { provider }, query: { connectionId, limit } };
      const { data } = answerOf(await api.GET('/api/ehr/{provider}/sync-runs', { params }));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          status: ({ status }) => status,
          started: ({ startedAt, createdAt }) => startedAt ?? createdAt,
          patients: ({ patients }) => patients,
          error: ({ errorCode }) => errorCode,
        }),
      );
    },
  });

  add({
    usage: 'show <id>',
    description: 'show a sync with a row for each type and the number of its requests',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, id } };
      const { data } = answerOf(await api.GET('/api/ehr/{provider}/sync-runs/{id}', { params }));
      const { status, requests, minimumRequests, errorMessage, warnings, retrying, skipped } = data;
      output.print(data, () =>
        [
          toFields({ status, requests, minimumRequests, ...(errorMessage === undefined ? {} : { errorMessage }) }),
          toTable(data.byType, {
            type: ({ resourceType }) => resourceType,
            fetched: ({ fetched }) => fetched,
            stored: ({ stored }) => stored,
            unchanged: ({ unchanged }) => unchanged,
            incomplete: ({ incomplete }) => incomplete,
            failed: ({ failed }) => failed,
          }),
          ...warnings.map(({ code, message }) => `warning  ${code}: ${message}`),
          ...retrying.map(
            ({ state, resourceType, code, since, attempts }) =>
              `${state}  ${resourceType}: ${code} since ${since}, ${attempts} attempts`,
          ),
          ...skipped.map(({ resourceType, reason }) => `skipped  ${resourceType}: ${reason}`),
        ].join('\n'),
      );
    },
  });

  add({
    usage: 'cancel <id>',
    description: 'cancel a sync, which stops at its next page',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, id } };
      const { data } = answerOf(await api.DELETE('/api/ehr/{provider}/sync-runs/{id}', { params }));
      output.print(data, () => data.status);
    },
  });

  add({
    usage: 'retry <id>',
    description: 'retry the failed searches of a sync',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, id } };
      const { data } = answerOf(await api.POST('/api/ehr/{provider}/sync-runs/{id}/retry', { params }));
      output.print(data, () => data.status);
    },
  });
}

async function readRun({ api, provider }: Context, id: string): Promise<SyncRun> {
  const params = { path: { provider, id } };
  return answerOf(await api.GET('/api/ehr/{provider}/sync-runs/{id}', { params })).data;
}

async function watchRun(context: Context, id: string): Promise<SyncRun> {
  for (;;) {
    const run = await readRun(context, id);
    if (run.status !== 'IN_PROGRESS') return run;
    await delay(pollEveryMs);
  }
}

/** The API answers 502 if a sync ended with missing data. The record of the sync says how much is missing. */
function idOfIncomplete({ error, response }: { readonly error?: unknown; readonly response: Response }) {
  if (response.ok) return undefined;
  const { code, details = {} } = errorOf({ status: response.status, body: error });
  return code === 'sync-incomplete' ? (details as { syncRunId?: string }).syncRunId : undefined;
}

/** @throws CliError if the sync did not complete, or ended with missing data */
function finish({ output }: Context, run: SyncRun): void {
  const { id, status, total, warnings, errorMessage } = run;
  const warned = warnings.map(({ code, message }) => `\nwarning  ${code}: ${message}`).join('');
  const statusText = status === 'COMPLETED' ? '' : `${status}  `;
  output.print(run, () => `${id}  ${statusText}${total} resources${warned}`);
  if (status === 'COMPLETED') return;
  const exitCode = status === 'PARTIAL' ? exitCodes.partial : exitCodes.failed;
  throw new CliError({ message: errorMessage ?? `The sync is ${status}.`, exitCode });
}
