import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, answerOf, type ErrorCode } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { asSent } from '../output/report-error.ts';
import { followTables } from './follow-tables.command.ts';
import { resourceFilters } from './resources.command.ts';
import { listViews, readDefinition, type TableQuery, tableAnswer } from './table-sources.ts';

/** The stored resources as tables. */
export const tables: CommandGroup = {
  name: 'tables',
  alias: 'table',
  summary: 'the stored resources as tables, for DuckDB, databases and spreadsheets',
  commands: [
    command({
      name: 'list',
      summary: 'list the views',
      examples: ['tables list'],
      async run({ api, provider, output }) {
        output.printList(await api.GET('/api/ehr/{provider}/tables', { params: { path: { provider } } }), {
          columns: {
            name: 'name',
            type: 'resourceType',
            columns: ({ columns }) => columns.length,
            row: 'description',
          },
          empty: 'The API has no views.',
        });
      },
    }),
    command({
      name: 'columns',
      summary: 'list the columns of a view',
      args: { view: 'the name of the view' },
      examples: ['tables columns patient'],
      async run({ api, provider, output }, { view: name }) {
        const answer = await api.GET('/api/ehr/{provider}/tables', { params: { path: { provider } } });
        const view = answerOf(answer).data.find((candidate) => candidate.name === name);
        output.printRows(view?.columns ?? [], {
          columns: {
            name: 'name',
            type: ({ type, isCollection }) => (isCollection ? `list of ${type}` : type),
            description: 'description',
          },
          empty: `No view has the name ${name}. List the views with: bulkhead tables list`,
        });
      },
    }),
    command({
      name: 'get',
      summary: 'write views as tables, into a file for each or to the standard output',
      options: {
        connection: option.required(option.repeated('<id>', 'a connection of the resources')),
        view: option.list('<names>', 'comma-separated names of views (default with --out: all)'),
        definition: option.text('<file>', 'a file with your ViewDefinition'),
        format: option.choice('<format>', {
          of: ['parquet', 'csv', 'ndjson'],
          description: 'the format of the tables',
        }),
        ...resourceFilters,
        since: option.instant('only what was stored since then, and the keys of what was deleted'),
        limit: option.wholeNumber('<n>', 'the number of rows after which a table ends'),
        quoteFormulas: option.flag("put a ' before texts of a CSV that a spreadsheet would run as a formula"),
        out: option.text('<folder>', 'the folder for the files (default: standard output)'),
      },
      examples: [
        'tables get --connection conn_1 --view patient,observation --format parquet --out tables',
        'tables get --connection conn_1 --definition view.json --format csv',
      ],
      async run(context, { connection, view: views, definition, out, format = 'ndjson', ...options }) {
        const { security, lastUpdated, since, limit, quoteFormulas, ...others } = options;
        const query: TableQuery = {
          connectionId: connection,
          format,
          ...given({ ...others, _security: security, _lastUpdated: lastUpdated, _since: since, _limit: limit }),
          ...(quoteFormulas ? { quoteFormulas: 'true' } : {}),
        };
        const own = definition === undefined ? [] : [readDefinition(definition)];
        if (views === undefined && own.length === 0 && out === undefined)
          throw new CliError(
            'usage',
            'Name a view with --view, or your own with --definition. With --out, the default is all views.',
          );
        const names = views ?? (own.length > 0 ? [] : await listViews(context));
        const sources = [...names.map((name) => ({ name })), ...own];
        if (out !== undefined) mkdirSync(out, { recursive: true });
        const written: { readonly table: string; readonly file: string; readonly until: string }[] = [];
        for (const source of sources) {
          const { name } = source;
          const answer = await tableAnswer(context, { ...source, query });
          for (const { path, message } of warningsOf(answer.response))
            context.output.printWarning(`${path}: ${message}`);
          const file = out === undefined ? undefined : join(out, `${name}.${format}`);
          const counter = file === undefined ? undefined : context.output.countBytes(name);
          await download(answer, { stdout: context.stdout, file, onBytes: counter?.add }).catch((error: unknown) => {
            const isAboutView = error instanceof ApiError && aboutViews.includes(error.code);
            throw isAboutView ? asSent(error) : error;
          });
          counter?.end();
          const until = answer.response.headers.get('x-table-until') ?? '';
          if (file !== undefined) written.push({ table: name, file, until });
        }
        if (out === undefined) return;
        context.output.printRows(written, {
          columns: { table: 'table', file: 'file', until: 'until' },
          empty: 'Nothing was written.',
        });
      },
    }),
    followTables,
  ],
};

/** The parts of a view, which the user wrote, have the names that the API says. */
const aboutViews: readonly ErrorCode[] = ['invalid-view', 'view-failed', 'view-too-costly'];

/** What the API says about a view that it accepts. */
function warningsOf({ headers }: Response): readonly { readonly path: string; readonly message: string }[] {
  return JSON.parse(headers.get('x-table-warnings') ?? '[]');
}
