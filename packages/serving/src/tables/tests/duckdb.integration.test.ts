import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installFromPypi, runCommand } from '@bulkhead/embedded';
import { makeDocument } from '@bulkhead/records/testing';
import { publishedLines } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { publishedViews } from '../index.ts';
import { kinds, views } from './duckdb-views.fixture.ts';
import { openTables } from './open-tables.fixture.ts';

/*
 * DuckDB opens the tables of every view over data that this project did not write, and its sums are compared with those of MongoDB. The
 * queries of MongoDB are written by hand and use nothing of the engine.
 */

const connectionIds = ['synthea', 'examples'];
const { synthea, examples } = publishedLines();
/** A published example with numbers such as `1e-245`, which no Parquet type holds. */
const beyondParquet = '"id":"decimal"';
const duckdb = await installFromPypi({ name: 'duckdb', version: '2.0.1', command: 'python', env: process.env });
const whySkipped =
  synthea.length === 0
    ? '../shared/data is missing'
    : 'missing' in duckdb
      ? `DuckDB is missing: ${duckdb.missing}`
      : undefined;

const { store, database, close, read } = await openTables();
const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-duckdb-'));
afterAll(async () => {
  folder.remove();
  await close();
});

const isNumber = (column: string) => kinds[column] === 'decimal' || kinds[column] === 'integer';

/** A number with all of its digits. `$toDecimal` of a double rounds it to 15 digits. */
const exactly = (number: string) => ({ $toDecimal: { $cond: [{ $isNumber: number }, { $toString: number }, '0'] } });

interface Sums {
  readonly nulls: number;
  readonly min?: unknown;
  readonly max?: unknown;
  readonly sum?: unknown;
}
interface Totals {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Sums>>;
}

async function totalsOfMongodb(name: string): Promise<Totals> {
  const { type, match = {}, stages = [], columns } = views[name] as (typeof views)[string];
  const names = Object.keys(columns);
  const [sums] = await database
    .collection(type)
    .aggregate<Record<string, unknown>>([
      { $match: { connectionId: { $in: connectionIds }, deleted: false, ...match } },
      ...stages,
      {
        $project: Object.fromEntries(
          names.map((column) => [
            column,
            kinds[column] === 'timestamp' ? { $toDate: columns[column] } : columns[column],
          ]),
        ),
      },
      {
        $group: {
          _id: null,
          rows: { $sum: 1 },
          ...Object.fromEntries(
            names.flatMap((column) => [
              [`${column}_nulls`, { $sum: { $cond: [{ $eq: [{ $ifNull: [`$${column}`, null] }, null] }, 1, 0] } }],
              [`${column}_min`, { $min: `$${column}` }],
              [`${column}_max`, { $max: `$${column}` }],
              [
                `${column}_sum`,
                {
                  $sum: kinds[column] === 'list' ? { $size: `$${column}` } : exactly(`$${column}`),
                },
              ],
            ]),
          ),
        },
      },
    ])
    .toArray();
  return toTotals(names, sums ?? { rows: 0 });
}

/** The same form for both databases. Numbers are texts without trailing zeros. */
function toTotals(names: readonly string[], sums: Readonly<Record<string, unknown>>): Totals {
  const columns = names.map((column) => {
    const [nulls, min, max, sum] = ['nulls', 'min', 'max', 'sum'].map((key) => sums[`${column}_${key}`] ?? null);
    if (kinds[column] === 'list') return [column, { nulls: Number(nulls), sum: toText(sum) }];
    return [
      column,
      {
        nulls: Number(nulls),
        min: toText(min),
        max: toText(max),
        ...(isNumber(column) ? { sum: toText(sum ?? 0) } : {}),
      },
    ];
  });
  return { rows: Number(sums.rows), columns: Object.fromEntries(columns) };
}

function toText(value: unknown): string | null {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** Runs queries of one row each. Decimals are exact, so all digits are compared. */
const script = `
import duckdb, json, sys
answers = {}
for key, query in json.load(open(sys.argv[1])).items():
    result = duckdb.sql(query)
    row = zip(result.columns, result.fetchall()[0])
    answers[key] = {name: None if value is None else str(value).replace('True', 'true').replace('False', 'false') for name, value in row}
json.dump(answers, open(sys.argv[2], 'w'))
`;

/** CSV has no types. */
function fromCsv(column: string): string {
  const kind = kinds[column];
  if (kind === 'decimal') return `cast(${column} as decimal(38, 20))`;
  if (kind === 'integer') return `cast(${column} as integer)`;
  if (kind === 'timestamp') return `cast(${column} as timestamptz)`;
  return kind === 'list' ? `from_json(${column}, '["varchar"]')` : column;
}

function queryOf(name: string, file: string): string {
  const isCsv = file.endsWith('.csv');
  const source = isCsv ? `read_csv('${file}', all_varchar = true, header = true)` : `read_parquet('${file}')`;
  const sums = Object.keys((views[name] as (typeof views)[string]).columns).flatMap((column) => {
    const value = isCsv ? fromCsv(column) : column;
    const nulls = `count(*) - count(${column}) as ${column}_nulls`;
    if (kinds[column] === 'list') return [nulls, `sum(len(${value})) as ${column}_sum`];
    const shown = (extreme: string) =>
      kinds[column] === 'timestamp' ? `strftime(${extreme} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')` : extreme;
    const extremes = ['min', 'max'].map((name) => `${shown(`${name}(${value})`)} as ${column}_${name}`);
    return [nulls, ...extremes, ...(isNumber(column) ? [`sum(${value}) as ${column}_sum`] : [])];
  });
  return `select count(*) as rows, ${sums.join(', ')} from ${source}`;
}

const run = whySkipped === undefined ? test : test.skip;

run(
  `DuckDB reads the same rows, nulls, sums and extremes from Parquet and CSV as MongoDB has${whySkipped === undefined ? '' : `: skipped, because ${whySkipped}`}`,
  async () => {
    for (const [connectionId, lines] of [
      ['synthea', synthea],
      ['examples', examples],
    ] as const) {
      const storable = lines.filter((line) => !line.includes(beyondParquet));
      const byType = Map.groupBy(
        storable,
        (line) => (JSON.parse(line) as { readonly resourceType: string }).resourceType,
      );
      for (const type of new Set(Object.values(views).map((view) => view.type))) {
        const documents = (byType.get(type) ?? []).map((line) => makeDocument(line, { connectionId }));
        for (let start = 0; start < documents.length; start += 500)
          await store.resourceWriter.write(type, documents.slice(start, start + 500));
      }
    }
    expect(Object.keys(views)).toEqual(Object.keys(publishedViews));
    const queries: Record<string, string> = {};
    for (const name of Object.keys(views)) {
      for (const format of ['parquet', 'csv'] as const) {
        const file = join(folder.path, `${name}.${format}`);
        writeFileSync(file, await read({ view: name, connectionIds, format }));
        queries[`${name}.${format}`] = queryOf(name, file);
      }
    }
    const [queryFile, answerFile] = ['queries', 'answers'].map((name) => join(folder.path, `${name}.json`)) as [
      string,
      string,
    ];
    writeFileSync(queryFile, JSON.stringify(queries));
    const { command } = duckdb as { readonly command: string };
    await runCommand({ command, args: ['-c', script, queryFile, answerFile], env: process.env });
    const answers = JSON.parse(readFileSync(answerFile, 'utf8')) as Readonly<
      Record<string, Readonly<Record<string, unknown>>>
    >;
    for (const name of Object.keys(views)) {
      const expected = await totalsOfMongodb(name);
      const names = Object.keys(expected.columns);
      for (const format of ['parquet', 'csv'])
        expect({ table: `${name}.${format}`, ...toTotals(names, answers[`${name}.${format}`] ?? {}) }).toEqual({
          table: `${name}.${format}`,
          ...expected,
        });
      expect(expected.rows).toBeGreaterThan(0);
    }
  },
);

run(
  'a number that Parquet cannot hold is empty there, with the reason in `rejects`, and keeps its digits as CSV',
  async () => {
    const line = examples.find((candidate) => candidate.includes(beyondParquet)) ?? '';
    const connectionId = 'beyond';
    await store.resourceWriter.write('Observation', [makeDocument(line, { connectionId })]);
    const table = { view: 'observation', connectionIds: [connectionId] };
    const file = join(folder.path, 'beyond.parquet');
    writeFileSync(file, await read({ ...table, format: 'parquet' }));
    const rows = (await read({ ...table, format: 'csv' })).toString().split('\n');
    const numbers = [...line.matchAll(/"value":(-?[\d.eE+-]+)/g)].map(([, number]) => number as string);
    for (const number of numbers) expect(rows.some((row) => row.split(',').includes(number))).toBe(true);
    expect(numbers.length).toBeGreaterThan(3);
    const rejects = await parquetReadObjects({
      file: await asyncBufferFromFile(file),
      columns: ['result_number', 'rejects'],
    });
    const rejected = rejects.filter(({ rejects }) => Array.isArray(rejects));
    expect(rejected.length).toBeGreaterThan(0);
    for (const row of rejected)
      expect({ ...row, result_number: row.result_number ?? null }).toEqual({
        result_number: null,
        rejects: expect.arrayContaining([expect.stringMatching(/^result_number: Parquet holds decimals with/)]),
      });
    expect(rejected.length).toBeLessThan(rejects.length);
  },
);
