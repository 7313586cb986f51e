import { createCsvWriter } from './csv.ts';
import { createJsonWriter } from './json.ts';
import { createNdjsonWriter } from './ndjson.ts';
import { createParquetWriter } from './parquet.ts';
import type { TableWriter, WriterOptions } from './table-writer.ts';

/** The formats of tables. */
export const tableFormats = {
  parquet: { contentType: 'application/vnd.apache.parquet', create: createParquetWriter },
  csv: { contentType: 'text/csv; charset=utf-8', create: createCsvWriter },
  ndjson: { contentType: 'application/x-ndjson', create: createNdjsonWriter },
  json: { contentType: 'application/json', create: createJsonWriter },
} as const satisfies Readonly<
  Record<string, { readonly contentType: string; readonly create: (options: WriterOptions) => TableWriter }>
>;

export type TableFormat = keyof typeof tableFormats;
export const formatNames = Object.keys(tableFormats) as [TableFormat, ...TableFormat[]];
