import { answerOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, list, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';
import { type Export, readExport, watchExport } from '../watch-export.ts';

interface StartOptions {
  readonly connection: string;
  readonly types?: readonly string[];
  readonly since?: string;
  readonly level: 'Patient' | 'Group' | 'System';
  readonly watch?: boolean;
}

interface ListOptions {
  readonly connection?: string;
  readonly status?: Export['status'];
  readonly limit: number;
}

/** Bulk exports. */
export function addExport(program: Command, environment: Environment): void {
  const exports = program.command('export').description('bulk exports of a practice');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(exports, { definition, environment });

  add<StartOptions>({
    usage: 'start',
    description: 'start an export and print its id',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'the connection to export')
        .option('--types <types>', 'comma-separated resource types (default: all types)', list)
        .option('--since <when>', 'only changes since this instant, or since the last export (`last`)')
        .option('--level <level>', 'Patient, Group or System', 'Patient')
        .option('--watch', 'show the progress until the export ends'),
    async run(context, _args, { connection: connectionId, types, since, level: exportType, watch }) {
      const { api, provider, output } = context;
      const body = {
        connectionId,
        exportType,
        ...(types === undefined ? {} : { resourceTypes: [...types] }),
        ...(since === undefined ? {} : { since }),
      };
      const params = { path: { provider } };
      const { data } = answerOf(await api.POST('/api/ehr/{provider}/bulk-export', { params, body }));
      if (!watch) return output.print(data, () => data.id);
      output.printProgress(data.id);
      return finish(context, await watchExport(context, data.id));
    },
  });

  add({
    usage: 'watch <id>',
    description: 'show the progress of an export until it ends, with a bar for each file',
    run: async (context, [id = '']) => finish(context, await watchExport(context, id)),
  });

  add<ListOptions>({
    usage: 'list',
    description: 'list exports, newest first',
    options: (command) =>
      command
        .option('--connection <id>', 'only exports of this connection')
        .option('--status <status>', 'IN_PROGRESS, COMPLETED, FAILED or CANCELLED')
        .option('--limit <n>', 'maximum number of exports', wholeNumber, 20),
    async run({ api, provider, output }, _args, { connection, status, limit }) {
      const query = {
        limit,
        ...(connection === undefined ? {} : { connectionId: connection }),
        ...(status === undefined ? {} : { status }),
      };
      const params = { path: { provider }, query };
      const { data } = answerOf(await api.GET('/api/ehr/{provider}/bulk-export', { params }));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          status: (record) => record.status,
          started: ({ startedAt }) => startedAt,
          stored: ({ counts }) => counts.stored,
          quarantined: ({ counts }) => counts.quarantined,
          error: ({ errorCode }) => errorCode,
        }),
      );
    },
  });

  add({
    usage: 'show <id>',
    description: 'show the status, counts and warnings of an export',
    async run(context, [id = '']) {
      const record = await readExport(context, id);
      context.output.print(record, () => toFields(record));
    },
  });

  add({
    usage: 'files <id>',
    description: 'list the files of an export with the outcome of their lines',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, jobId: id } };
      const { data } = answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}/files', { params }));
      output.print(data, () =>
        toTable(data, {
          type: ({ type }) => type,
          section: ({ section }) => section,
          state: ({ state }) => state,
          lines: ({ lines }) => lines,
          stored: ({ stored }) => stored,
          quarantined: ({ quarantined }) => quarantined,
          error: ({ error }) => error?.code,
        }),
      );
    },
  });

  add({
    usage: 'cancel <id>',
    description: 'cancel an export immediately',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, jobId: id } };
      const { data } = answerOf(await api.DELETE('/api/ehr/{provider}/bulk-export/{jobId}', { params }));
      output.print(data, () => data.status);
    },
  });

  add({
    usage: 'retry <id>',
    description: 'retry a failed export, which fetches only the missing data',
    async run({ api, provider, output }, [id = '']) {
      const params = { path: { provider, jobId: id } };
      const { data } = answerOf(await api.POST('/api/ehr/{provider}/bulk-export/{jobId}/retry', { params }));
      output.print(data, () => data.status);
    },
  });
}

/** @throws CliError if the export did not complete, or completed with missing data */
function finish({ output }: Context, record: Export): void {
  const { id, status, partial = false, counts, warnings, errorMessage } = record;
  const { stored, quarantined } = counts;
  const warned = warnings.map(({ code, message }) => `\nwarning  ${code}: ${message}`).join('');
  const statusText = partial ? `${status}, partial` : status;
  output.print(record, () => `${id}  ${statusText}  ${stored} stored, ${quarantined} quarantined${warned}`);
  if (status !== 'COMPLETED') {
    throw new CliError({ message: errorMessage ?? `The export is ${status}.`, exitCode: exitCodes.failed });
  }
  if (!partial) return;
  throw new CliError({
    message: `The export completed, but something is missing. Read its warnings and run bulkhead export files ${id}.`,
    exitCode: exitCodes.partial,
  });
}
