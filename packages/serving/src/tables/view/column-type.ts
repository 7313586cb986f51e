import type { ExactNumber } from '@bulkhead/fhir';
import { kindOf } from '../fhirpath/compare.ts';
import { isNumeric, type Numeric, textOf } from '../fhirpath/decimal.ts';
import { EvaluationError } from '../fhirpath/expression-error.ts';

/**
 * How the values of a column are stored. Dates and times stay texts, because a date of FHIR can be a year. An `instant` never is, and a view can
 * say the same of a `dateTime`: Parquet stores a `timestamp` in UTC, and CSV and NDJSON as its text.
 */
export type ColumnKind = 'boolean' | 'integer' | 'decimal' | 'timestamp' | 'text';
export type CellValue = boolean | number | ExactNumber | string;
/** A value, the values of a collection, or null. */
export type Cell = CellValue | readonly CellValue[] | null;

export interface TableColumn {
  readonly name: string;
  /** The type in FHIR. */
  readonly type: string;
  readonly kind: ColumnKind;
  readonly isCollection: boolean;
  readonly description: string;
}

const kinds: Readonly<Record<string, ColumnKind>> = {
  boolean: 'boolean',
  integer: 'integer',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  decimal: 'decimal',
  instant: 'timestamp',
  ...Object.fromEntries(
    `base64Binary canonical code date dateTime id markdown oid string time uri url uuid`
      .split(' ')
      .map((type) => [type, 'text' as const]),
  ),
};

/** The types that columns can have. */
export const columnTypes = Object.keys(kinds);

const typePrefix = 'http://hl7.org/fhir/StructureDefinition/';

/** @returns the type without the prefix of FHIR, or undefined if columns cannot have it */
export function readColumnType(type: string): string | undefined {
  const name = type.startsWith(typePrefix) ? type.slice(typePrefix.length) : type;
  return Object.hasOwn(kinds, name) ? name : undefined;
}

interface Tag {
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}

/** @param tags of the column. Those with the name `ansi/type` say its type in SQL: https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html#type-hinting-with-tags */
export function columnKind(type: string, tags: readonly Tag[] = []): ColumnKind {
  const isTimestamp = ({ name, value = '' }: Tag) => name === 'ansi/type' && /^timestamp\b/i.test(value.trim());
  return type === 'dateTime' && tags.some(isTimestamp) ? 'timestamp' : (kinds[type] ?? 'text');
}

const maxInteger = 2 ** 31 - 1;
const lowestOf: Readonly<Record<string, number>> = { positiveInt: 1, unsignedInt: 0 };

/** @throws EvaluationError if a column of the type cannot hold the value */
export function toCellValue(value: unknown, type: string): CellValue {
  switch (columnKind(type)) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'integer':
      if (Number.isInteger(value) && isInRange(value as number, type)) return value as number;
      break;
    case 'decimal':
      if (isNumeric(value)) return value;
      break;
    case 'timestamp':
    case 'text':
      if (typeof value === 'string') return value;
      // The text of a number loses nothing.
      if (isNumeric(value)) return textOf(value as Numeric);
  }
  throw new EvaluationError(
    `A column of the type ${type} cannot hold ${isNumeric(value) ? 'this number' : kindOf(value)}.`,
  );
}

function isInRange(value: number, type: string): boolean {
  return value <= maxInteger && value >= (lowestOf[type] ?? -maxInteger - 1);
}
