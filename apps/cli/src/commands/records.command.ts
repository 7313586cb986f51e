import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { answerOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, list, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';
import { terminalTextStream } from '../terminal-text.ts';

/** The quarantine, which holds lines that could not be stored. */
export function addQuarantine(program: Command, environment: Environment): void {
  const quarantine = program.command('quarantine').description('lines that could not be stored');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(quarantine, { definition, environment });

  add<{ readonly export?: string; readonly connection?: string; readonly limit: number }>({
    usage: 'list',
    description: 'list quarantined lines with their positions and reasons',
    options: (command) =>
      command
        .option('--export <id>', 'only lines of this export or sync run')
        .option('--connection <id>', 'only lines of this connection')
        .option('--limit <n>', 'maximum number of lines', wholeNumber, 100),
    async run({ api, output }, _args, { export: exportId, connection: connectionId, limit }) {
      const query = {
        limit,
        ...(exportId === undefined ? {} : { exportId }),
        ...(connectionId === undefined ? {} : { connectionId }),
      };
      const { data } = answerOf(await api.GET('/api/ehr/quarantine', { params: { query } }));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          reason: ({ reason }) => reason,
          line: ({ source, resourceType, line, offset }) =>
            source === 'sync' ? `${resourceType} page ${line} entry ${offset + 1}` : line,
          bytes: ({ sizeBytes }) => sizeBytes,
          state: ({ state }) => state,
        }),
      );
    },
  });

  add({
    usage: 'line <id>',
    description: 'print a line exactly as the EHR sent it',
    async run(context, [id = '']) {
      await download(context, `/api/ehr/quarantine/${encodeURIComponent(id)}/line`, '*/*', undefined);
    },
  });

  add<{ readonly file?: string }>({
    usage: 'replay <id>',
    description: 'try to store a line again, unchanged or corrected',
    options: (command) => command.option('--file <file>', 'a file with the corrected line'),
    async run({ api, output }, [id = ''], { file }) {
      const answer = await api.POST('/api/ehr/quarantine/{id}/replay', {
        params: { path: { id } },
        // The bytes are sent unchanged, so that numbers keep their exact text.
        ...(file === undefined ? {} : { body: readFileSync(file), bodySerializer: (body: unknown) => body as Buffer }),
      });
      const { data } = answerOf(answer);
      output.print(data, () => toFields(data));
      if (data.state === 'open')
        throw new CliError({
          message: 'The line still cannot be stored. Correct it and send it with --file.',
          exitCode: exitCodes.failed,
        });
    },
  });
}

interface GetOptions {
  readonly connection: string;
  readonly types: readonly string[];
  readonly out?: string;
}

/** The stored resources. */
export function addResources(program: Command, environment: Environment): void {
  const resources = program.command('resources').description('the stored resources');
  addCommand<GetOptions>(resources, {
    environment,
    definition: {
      usage: 'get',
      description: 'read resources as NDJSON, into a file for each type or to the standard output',
      options: (command) =>
        command
          .requiredOption('--connection <id>', 'the connection of the resources')
          .requiredOption('--types <types>', 'comma-separated resource types', list)
          .option('--out <folder>', 'the folder for the files (default: standard output)'),
      async run(context, _args, { connection, types, out }) {
        if (out !== undefined) mkdirSync(out, { recursive: true });
        for (const type of types) {
          const query = new URLSearchParams({ connectionId: connection });
          const path = `/api/ehr/${context.provider}/resources/${encodeURIComponent(type)}?${query}`;
          await download(
            context,
            path,
            'application/fhir+ndjson',
            out === undefined ? undefined : join(out, `${type}.ndjson`),
          );
          context.output.printProgress(`${type} done`);
        }
      },
    },
  });
}

/** Streams the response, so that it need not fit into memory. */
async function download(context: Context, path: string, accept: string, file: string | undefined): Promise<void> {
  const { response, error, data } = await context.api.GET(path as '/api/ehr/connections', {
    parseAs: 'stream',
    headers: { accept },
  });
  answerOf({ response, error, data: {} });
  const body = Readable.fromWeb(data as unknown as ReadableStream);
  if (file !== undefined) return pipeline(body, createWriteStream(file));
  // If the output is not a terminal, a program reads it and gets the bytes unchanged.
  if (!process.stdout.isTTY) return pipeline(body, process.stdout, { end: false });
  return pipeline(body, terminalTextStream(), process.stdout, { end: false });
}
