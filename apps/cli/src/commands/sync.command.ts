import { answerOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, list, wholeNumber } from '../add-command.ts';
import type { Environment } from '../context.ts';
import { toFields, toTable } from '../output.ts';

interface StartOptions {
  readonly connection: string;
  readonly types?: readonly string[];
  readonly patients?: readonly string[];
  readonly since?: string;
  readonly standard: boolean;
  readonly enhanced: boolean;
}

/** Enhanced syncs. */
export function addSync(program: Command, environment: Environment): void {
  const sync = program.command('sync').description('enhanced syncs: crawls by patient and type');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(sync, { definition, environment });

  add<StartOptions>({
    usage: 'start',
    description: 'start one, and wait for its end, at most half a minute',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'of which connection')
        .option('--types <types>', 'of the enhanced set, with commas', list)
        .option('--patients <ids>', 'with commas; left out: every patient that is stored', list)
        .option('--since <instant>', 'left out: from where the last one got')
        .option('--no-standard', 'without the standard set')
        .option('--no-enhanced', 'without the enhanced set'),
    async run({ api, provider, output }, _args, options) {
      const { connection: connectionId, types, patients, since, standard, enhanced } = options;
      const body = {
        connectionId,
        includeStandard: standard,
        includeEnhanced: enhanced,
        ...(types === undefined ? {} : { resourceTypes: [...types] }),
        ...(patients === undefined ? {} : { patients: [...patients] }),
        ...(since === undefined ? {} : { since }),
      };
      const { data } = answerOf(
        await api.POST('/api/ehr/{provider}/enhanced-sync', { params: { path: { provider } }, body }),
      );
      output.print(data, () =>
        'total' in data ? `${data.id}  ${data.total} resources` : `${data.id}  goes on: bulkhead sync show ${data.id}`,
      );
    },
  });

  add<{ readonly connection: string; readonly limit: number }>({
    usage: 'list',
    description: 'newest first',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'of which connection')
        .option('--limit <n>', 'how many', wholeNumber, 20),
    async run({ api, provider, output }, _args, { connection: connectionId, limit }) {
      const params = { path: { provider }, query: { connectionId, limit } };
      const { data } = answerOf(await api.GET('/api/ehr/{provider}/sync-runs', { params }));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          status: (one) => one.status,
          started: ({ startedAt, createdAt }) => startedAt ?? createdAt,
          patients: ({ patients }) => patients,
          error: ({ errorCode }) => errorCode,
        }),
      );
    },
  });

  add({
    usage: 'show <id>',
    description: 'a row per type, and the requests that it took',
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
            (one) => `${one.state}  ${one.resourceType}: ${one.code} since ${one.since}, ${one.attempts} attempts`,
          ),
          ...skipped.map(({ resourceType, reason }) => `skipped  ${resourceType}: ${reason}`),
        ].join('\n'),
      );
    },
  });

  add({
    usage: 'cancel <id>',
    description: 'end one at its next page',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, id } };
      const { data } = answerOf(await api.DELETE('/api/ehr/{provider}/sync-runs/{id}', { params }));
      output.print(data, () => data.status);
    },
  });

  add({
    usage: 'retry <id>',
    description: 'ask again for what failed',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, id } };
      const { data } = answerOf(await api.POST('/api/ehr/{provider}/sync-runs/{id}/retry', { params }));
      output.print(data, () => data.status);
    },
  });
}
