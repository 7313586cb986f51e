import type { ExactNumber } from '@bulkhead/fhir';
import { kindOf } from '../fhirpath/compare.ts';
import { isNumeric, type Numeric, textOf } from '../fhirpath/decimal.ts';
import { EvaluationError } from '../fhirpath/expression-error.ts';

/** How the values of a column are stored. Dates and times stay texts, because a date of FHIR can be a year, and a time has an offset. */
export type ColumnKind = 'boolean' | 'integer' | 'decimal' | 'text';
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
  ...Object.fromEntries(
    `base64Binary canonical code date dateTime id instant markdown oid string time uri url uuid`
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

export function columnKind(type: string): ColumnKind {
  return kinds[type] ?? 'text';
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
