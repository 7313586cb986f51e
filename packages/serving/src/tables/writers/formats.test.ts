import { ExactNumber, parseExact } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compileView } from '../view/compile-view.ts';
import type { Row } from '../view/make-rows.ts';
import { type TableFormat, tableFormats } from './formats.ts';
import type { TableWriter, WriterOptions } from './table-writer.ts';

function write(writer: TableWriter, rows: readonly Row[]): Buffer {
  const chunks: Buffer[] = [];
  for (const row of rows) {
    writer.add(row);
    const chunk = writer.take();
    if (chunk) chunks.push(chunk);
  }
  return Buffer.concat([...chunks, writer.end()]);
}

const tableOf = (format: TableFormat, options: WriterOptions, rows: readonly Row[]) =>
  write(tableFormats[format].create(options), rows);

/** Reads CSV as https://www.rfc-editor.org/rfc/rfc4180 says. `undefined` is an empty field without quotes. */
function readCsv(text: string): (string | undefined)[][] {
  const records: (string | undefined)[][] = [];
  let record: (string | undefined)[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/gy;
  for (const [, quoted, plain, end] of text.matchAll(field)) {
    record.push(quoted === undefined ? plain || undefined : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

/** Numbers as doubles of 14 digits, because the reader of Parquet makes doubles of decimals. DuckDB compares them exactly, in another test. */
function comparable(value: unknown): unknown {
  // The reader of Parquet makes milliseconds of timestamps.
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ExactNumber) return comparable(Number(value.text));
  if (typeof value === 'number') return Number(value.toPrecision(14));
  if (Array.isArray(value)) return value.map(comparable);
  return value ?? null;
}

function fromCsv(field: string | undefined, { kind, isCollection }: WriterOptions['columns'][number]): unknown {
  if (field === undefined) return null;
  if (isCollection) return comparable(parseExact(field));
  return kind === 'text' || kind === 'timestamp' ? field : comparable(parseExact(field));
}

const text = fc.string({ unit: 'grapheme' });
const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.stringMatching(/^\d{0,6}$/))
  .map(([whole, fraction]) => parseExact(fraction === '' ? `${whole}` : `${whole}.${fraction}`));
const time = fc
  .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
  .map((date) => date.toISOString());
const item = fc.record(
  {
    time,
    text,
    number: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    decimal,
    flag: fc.boolean(),
    list: fc.array(text, { maxLength: 3 }),
    decimals: fc.array(decimal, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const resource = fc.record({ id: fc.uuid(), item: fc.array(item, { maxLength: 3 }) });
const types = { time: 'instant', text: 'string', number: 'integer', decimal: 'decimal', flag: 'boolean' };
const columns = [
  ...Object.entries(types).map(([path, type]) => ({ name: path, path, type, collection: false })),
  { name: 'list', path: 'list', type: 'string', collection: true },
  { name: 'decimals', path: 'decimals', type: 'decimal', collection: true },
];
const view = fc
  .tuple(fc.constantFrom('forEach', 'forEachOrNull'), fc.shuffledSubarray(columns, { minLength: 1 }))
  .map(([loop, chosen]) => ({
    resource: 'Basic',
    select: [{ column: [{ name: 'id', path: 'id', type: 'id' }] }, { [loop]: 'item', column: chosen }],
  }));

test('NDJSON, CSV and Parquet have the same rows for generated resources and views', async () => {
  await fc.assert(
    fc.asyncProperty(view, fc.array(resource), async (definition, resources) => {
      const compiled = compileView(definition);
      const rows = resources.flatMap((content) => compiled.rows({ resourceType: 'Basic', ...content }));
      const expected = rows.map((row) => row.map(comparable));
      const names = compiled.columns.map(({ name }) => name);
      const file = (format: TableFormat) => tableOf(format, compiled, rows);

      const lines = file('ndjson').toString().split('\n').slice(0, -1);
      const objects = lines.map((line) => parseExact(line) as Readonly<Record<string, unknown>>);
      expect(objects.map((object) => names.map((name) => comparable(object[name])))).toEqual(expected);

      const [header, ...records] = readCsv(file('csv').toString());
      expect(header).toEqual(names);
      expect(
        records.map((record) => record.map((value, index) => fromCsv(value, compiled.columns[index] as never))),
      ).toEqual(expected);

      const parquet = new Uint8Array(file('parquet')).buffer;
      const found = await parquetReadObjects({ file: parquet });
      expect(found.map((object) => names.map((name) => comparable(object[name])))).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

const decimals = compileView({
  resource: 'Basic',
  select: [{ column: [{ name: 'value', path: 'v', type: 'decimal' }] }],
});

test('a number keeps its text in NDJSON and CSV', () => {
  const numbers = ['1.50', '1e2', '0.0', '12345678901234567890.123', '-0'];
  const rows = numbers.map((number) => [new ExactNumber(number)]);
  expect(tableOf('csv', decimals, rows).toString().split('\n').slice(1, -1)).toEqual(numbers);
  expect(tableOf('ndjson', decimals, rows).toString().split('\n').slice(0, -1)).toEqual(
    numbers.map((number) => `{"value":${number}}`),
  );
});

test.each(['1234567890123456789', '0.000000000000000000001', '1e18', '-1e-21'])(
  'a Parquet file refuses the number %s, which has more digits than its type, and stays as it was',
  async (number) => {
    const writer = tableFormats.parquet.create(decimals);
    writer.add([7]);
    expect(() => writer.add([new ExactNumber(number)])).toThrow(
      'Parquet holds decimals with 18 digits before the point and 20 after it',
    );
    const file = new Uint8Array(writer.end()).buffer;
    expect(await parquetReadObjects({ file })).toEqual([{ value: 7 }]);
  },
);

const times = compileView({
  resource: 'Basic',
  select: [
    {
      column: [
        { name: 'at', path: 'v', type: 'instant' },
        {
          name: 'tagged',
          path: 'v',
          type: 'dateTime',
          tag: [{ name: 'ansi/type', value: 'TIMESTAMP WITH TIME ZONE' }],
        },
        { name: 'text', path: 'v', type: 'dateTime' },
      ],
    },
  ],
});

test.each([
  { text: '2026-03-01T08:00:00-05:00', at: '2026-03-01T13:00:00.000Z' },
  { text: '2026-03-01T13:00:00Z', at: '2026-03-01T13:00:00.000Z' },
  { text: '2026-03-01T18:30:00.1234567+05:30', at: '2026-03-01T13:00:00.123Z' },
  { text: '2026-02-28T23:59:60Z', at: '2026-03-01T00:00:00.000Z' },
  { text: '0033-01-01T00:00:00.5Z', at: '0033-01-01T00:00:00.500Z' },
])('a Parquet file holds $text as a timestamp in UTC, and other formats hold the text', async ({ text, at }) => {
  const file = new Uint8Array(tableOf('parquet', times, [[text, text, text]])).buffer;
  expect(await parquetReadObjects({ file })).toEqual([{ at: new Date(at), tagged: new Date(at), text }]);
  expect(tableOf('csv', times, [[text, text, text]]).toString()).toContain(`${text},${text},${text}\n`);
});

test.each(['2026', '2026-03-01', '2026-03-01T08:00:00', '2026-13-01T08:00:00Z', '2026-03-01T25:00:00Z', 'x'])(
  'a Parquet file refuses %s as a timestamp, because it has no valid time with a zone',
  (text) => {
    const { add } = tableFormats.parquet.create(times);
    expect(() => add([text, null, text])).toThrow(expect.objectContaining({ column: 'at' }));
    expect(() => add([null, text, text])).toThrow(/needs a time with a zone/);
    add([null, null, text]);
  },
);

test('a Parquet file is written in groups of rows, and is not valid without its end', async () => {
  const writer = tableFormats.parquet.create(decimals);
  const chunks: Buffer[] = [];
  for (let index = 0; index < 12_000; index++) {
    writer.add([index]);
    const chunk = writer.take();
    if (chunk) chunks.push(chunk);
  }
  expect(chunks).toHaveLength(2);
  const read = async (parts: readonly Buffer[]) =>
    (await parquetReadObjects({ file: new Uint8Array(Buffer.concat(parts)).buffer })).length;
  await expect(read(chunks)).rejects.toThrow();
  expect(await read([...chunks, writer.end()])).toBe(12_000);
});

test('a CSV runs no formula in a spreadsheet if that is asked for, and keeps texts as they are otherwise', () => {
  const names = compileView({
    resource: 'Basic',
    select: [
      {
        column: [
          { name: 'a', path: 'a', type: 'string' },
          { name: 'b', path: 'b', type: 'decimal' },
        ],
      },
    ],
  });
  const rows = ['=1+2', '+1', '-1', '@SUM(A1)', '\t=1', 'a=b'].map((cell): Row => [cell, -1]);
  const lines = (quotesFormulas: boolean) =>
    tableOf('csv', { ...names, quotesFormulas }, rows)
      .toString()
      .split('\n')
      .slice(1, -1);
  expect(lines(false)).toEqual(['=1+2,-1', '+1,-1', '-1,-1', '@SUM(A1),-1', '"\t=1",-1', 'a=b,-1']);
  expect(lines(true)).toEqual(["'=1+2,-1", "'+1,-1", "'-1,-1", "'@SUM(A1),-1", "'\t=1,-1", 'a=b,-1']);
});
