import { createNdjsonWriter } from './ndjson.ts';
import type { TableWriter, WriterOptions } from './table-writer.ts';

/** Writes all rows as one JSON array. Without its end it is not JSON, so that a reader notices a table that was cut off. */
export function createJsonWriter(options: WriterOptions): TableWriter {
  const rows = createNdjsonWriter(options);
  let separator = '[';
  return {
    add: (row) => {
      rows.add(row, separator);
      separator = ',';
    },
    take: () => rows.take(),
    end: () => Buffer.concat([rows.end(), Buffer.from(separator === '[' ? '[]\n' : ']\n')]),
  };
}
