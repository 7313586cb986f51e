import { isNumeric, textOf } from '../fhirpath/decimal.ts';
import type { Cell } from '../view/column-type.ts';
import type { Row } from '../view/make-rows.ts';
import type { WriterOptions } from './table-writer.ts';
import { TextChunks } from './text-chunks.ts';

/** Writes each row as a JSON object in a line. Numbers keep the text that the EHR wrote. */
export function createNdjsonWriter({ columns }: WriterOptions) {
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
export function jsonOf(cell: Cell): string {
  if (typeof cell === 'string') return JSON.stringify(cell);
  if (isNumeric(cell)) return textOf(cell);
  return Array.isArray(cell) ? `[${cell.map(jsonOf).join(',')}]` : String(cell);
}
