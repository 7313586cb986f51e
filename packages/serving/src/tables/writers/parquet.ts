import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { type Numeric, powerOfTen, toDecimal } from '../fhirpath/decimal.ts';
import { EvaluationError } from '../fhirpath/expression-error.ts';
import type { Cell, CellValue, TableColumn } from '../view/column-type.ts';
import type { Row } from '../view/make-rows.ts';
import { CellError, type TableWriter, type WriterOptions } from './table-writer.ts';

/** The rows of a group are in memory until it is full, and encoding it holds the event loop. Much smaller ones would be read more slowly. */
const rowsOfGroup = 5000;
/** `PAR1`, with which a file begins. */
const magicBytes = 4;
/** Long texts, lists and wide rows fill a group before it has so many rows. */
const bytesOfGroup = 8 * 1024 * 1024;

/** Decimals are whole multiples of 10^-20 with up to 38 digits, the most that DuckDB, Snowflake and Spark read. */
const decimalScale = 20;
const decimalPrecision = 38;
const maxUnscaled = powerOfTen(decimalPrecision);

/**
 * Writes Parquet (https://parquet.apache.org/docs/file-format/) in groups of rows, as they come. The footer comes last, so a file that
 * is cut off is not valid.
 */
export function createParquetWriter({ columns }: WriterOptions): TableWriter {
  const bytes = new TakenBytes();
  // Rows have no order, so every group has nearly all values, and statistics would let readers skip none.
  const file = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns),
    statistics: false,
    createdBy: 'Bulkhead',
  });
  const converts = columns.map(({ kind, isCollection }) => toConvert(kind, isCollection));
  let data: unknown[][] = columns.map(() => []);
  let rows = 0;
  let bytesInGroup = 0;
  const writeGroup = () => {
    if (rows === 0) return;
    const columnData = columns.map(({ name }, index) => ({ name, data: data[index] as unknown[], offsetIndex: false }));
    void file.write({ columnData, rowGroupSize: rows });
    data = columns.map(() => []);
    rows = 0;
    bytesInGroup = 0;
  };
  return {
    add: (row) => {
      addRow({ row, converts, data, columns });
      rows += 1;
      for (const cell of row) bytesInGroup += sizeOf(cell);
      if (rows === rowsOfGroup || bytesInGroup > bytesOfGroup) writeGroup();
    },
    take: () => (bytes.index > magicBytes ? bytes.take() : undefined),
    end: () => {
      writeGroup();
      void file.finish();
      return bytes.take();
    },
  };
}

/** About the bytes of a cell in memory. */
function sizeOf(cell: Cell): number {
  if (typeof cell === 'string') return cell.length + 8;
  return Array.isArray(cell) ? cell.reduce((sum, item) => sum + sizeOf(item), 8) : 8;
}

function addRow(options: {
  readonly row: Row;
  readonly converts: readonly ((cell: Cell) => unknown)[];
  readonly data: readonly unknown[][];
  readonly columns: readonly TableColumn[];
}): void {
  const { row, converts, data, columns } = options;
  const cells = row.map((cell, index) => {
    try {
      return (converts[index] as (cell: Cell) => unknown)(cell);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      throw new CellError(error.message, columns[index]?.name ?? '');
    }
  });
  for (let index = 0; index < cells.length; index++) data[index]?.push(cells[index]);
}

/** The library writes at once, and returns nothing to wait for, because `flush` is not defined. Bytes are taken while the file is written. The offset counts on. */
class TakenBytes extends ByteWriter {
  take(): Buffer {
    const taken = Buffer.from(this.getBytes());
    this.index = 0;
    return taken;
  }
}

const elementTypes: Readonly<Record<TableColumn['kind'], Omit<SchemaElement, 'name'>>> = {
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT32' },
  decimal: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    scale: decimalScale,
    precision: decimalPrecision,
  },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/** Lists have three levels: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists. */
function schemaOf(columns: readonly TableColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, kind, isCollection }): SchemaElement[] => {
      const element = elementTypes[kind];
      if (!isCollection) return [{ name, repetition_type: 'OPTIONAL', ...element }];
      return [
        { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'OPTIONAL', ...element },
      ];
    }),
  ];
}

const converters: Readonly<Partial<Record<TableColumn['kind'], (item: CellValue) => bigint>>> = {
  decimal: (item) => toUnscaled(item as Numeric),
  timestamp: (item) => toMicroseconds(item as string),
};

function toConvert(kind: TableColumn['kind'], isCollection: boolean): (cell: Cell) => unknown {
  const convert = converters[kind];
  if (!convert) return (cell) => cell;
  if (!isCollection) return (cell) => (cell === null ? null : convert(cell as CellValue));
  return (cell) => (Array.isArray(cell) ? cell.map(convert) : null);
}

const timestamp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** @returns the microseconds since 1970. Finer digits are cut. @throws EvaluationError if the text has no time with a zone */
function toMicroseconds(text: string): bigint {
  const [, years, months, days, hours, minutes, seconds = 0, fraction = '', sign, ...zone] = timestamp.exec(text) ?? [];
  const [zoneHours = 0, zoneMinutes = 0] = zone.map((part) => Number(part ?? 0));
  const offset = (sign === '-' ? -1 : 1) * (zoneHours * 60 + zoneMinutes);
  const [year, month, day] = [years, months, days].map(Number) as [number, number, number];
  const [hour, minute] = [hours, minutes].map(Number) as [number, number];
  const isInRange =
    month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && Number(seconds) <= 60;
  if (!isInRange)
    throw new EvaluationError(
      'Parquet holds a timestamp, which needs a time with a zone, and this one has none. CSV and NDJSON hold any text, and `lowBoundary()` completes a date.',
    );
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const milliseconds =
    new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute - offset) * 60 + Number(seconds)) * 1000;
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** @throws EvaluationError if the number has too many digits */
function toUnscaled(value: Numeric): bigint {
  const { digits, scale } = toDecimal(value);
  const missing = decimalScale - scale;
  const unscaled = missing >= 0 ? digits * powerOfTen(missing) : digits / powerOfTen(-missing);
  const isExact = missing >= 0 || unscaled * powerOfTen(-missing) === digits;
  if (isExact && unscaled < maxUnscaled && unscaled > -maxUnscaled) return unscaled;
  throw new EvaluationError(
    `Parquet holds decimals with ${decimalPrecision - decimalScale} digits before the point and ${decimalScale} after it, and this one has more. CSV and NDJSON hold any number.`,
  );
}
