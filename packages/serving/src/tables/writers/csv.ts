import { isNumeric, textOf } from '../fhirpath/decimal.ts';
import type { Cell } from '../view/column-type.ts';
import { jsonOf } from './ndjson.ts';
import type { TableWriter, WriterOptions } from './table-writer.ts';
import { TextChunks } from './text-chunks.ts';

/** Texts that change the meaning of a line, or that look like no value. */
const needsQuotes = /[",\r\n]|^$|^\s|\s$/;
/** Spreadsheets run a cell that begins with one of these: https://owasp.org/www-community/attacks/CSV_Injection. */
const formula = /^[=+\-@\t\r]/;

/**
 * Writes CSV (https://www.rfc-editor.org/rfc/rfc4180) with a line of names. No value is an empty field, and an empty text is `""`. The values
 * of a collection are a JSON array.
 */
export function createCsvWriter({ columns, quotesFormulas = false, hasHeader = true }: WriterOptions): TableWriter {
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
