import { isNumeric, textOf } from '../fhirpath/decimal.ts';
import type { Cell } from '../view/column-type.ts';
import type { Row } from '../view/make-rows.ts';
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

/** Writes all rows as one JSON array. Without its end it is not JSON, so that a reader notices a table that was cut off. */
function createJsonWriter(options: WriterOptions): TableWriter {
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

/** Texts that change the meaning of a line, or that look like no value. */
const needsQuotes = /[",\r\n]|^$|^\s|\s$/;
/** Spreadsheets run a cell that begins with one of these: https://owasp.org/www-community/attacks/CSV_Injection. */
const formula = /^[=+\-@\t\r]/;

/**
 * Writes CSV (https://www.rfc-editor.org/rfc/rfc4180) with a line of names. No value is an empty field, and an empty text is `""`. The values
 * of a collection are a JSON array.
 */
function createCsvWriter({ columns, quotesFormulas = false, hasHeader = true }: WriterOptions): TableWriter {
  const chunks = new TextChunks();
  if (hasHeader) chunks.append(`${columns.map(({ name }) => name).join(',')}\n`);
  const fieldOf = (cell: Cell): string => {
    if (cell === null) return '';
    if (typeof cell === 'boolean') return String(cell);
    if (isNumeric(cell)) return textOf(cell);
    const text = typeof cell === 'string' ? cell : jsonOf(cell);
    const shown = quotesFormulas && formula.test(text) ? `'${text}` : text;
    return needsQuotes.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
  };
  return {
    add: (row) => chunks.append(`${row.map(fieldOf).join(',')}\n`),
    take: () => chunks.take(),
    end: () => chunks.end(),
  };
}

/** Writes each row as a JSON object in a line. Numbers keep the text that the EHR wrote. */
function createNdjsonWriter({ columns }: WriterOptions) {
  const chunks = new TextChunks();
  const keys = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  return {
    /** @param before what is written before the object */
    add: (row: Row, before = '') => {
      let line = before;
      for (let index = 0; index < keys.length; index++) line += keys[index] + jsonOf(row[index] ?? null);
      chunks.append(`${line}}\n`);
    },
    take: () => chunks.take(),
    end: () => chunks.end(),
  };
}

/** A cell as JSON. */
function jsonOf(cell: Cell): string {
  if (typeof cell === 'string') return JSON.stringify(cell);
  if (isNumeric(cell)) return textOf(cell);
  return Array.isArray(cell) ? `[${cell.map(jsonOf).join(',')}]` : String(cell);
}

/** The size at which a chunk is passed on. It is that of node's larger streams. */
const chunkCharacters = 64 * 1024;

/** Collects text until it has the size of a chunk. */
class TextChunks {
  #text = '';

  append(text: string): void {
    this.#text += text;
  }

  take(): Buffer | undefined {
    return this.#text.length < chunkCharacters ? undefined : this.end();
  }

  end(): Buffer {
    const chunk = Buffer.from(this.#text);
    this.#text = '';
    return chunk;
  }
}
