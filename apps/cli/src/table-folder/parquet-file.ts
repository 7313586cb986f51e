import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type RowGroup, type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/*
 * Rows of Parquet files are copied as they are stored: a decimal is a whole number, and a timestamp is one of microseconds, so no digit is lost.
 * A row is an array of its cells.
 */

export type ParquetRow = readonly unknown[];

export interface ParquetFile {
  readonly schema: readonly SchemaElement[];
  readonly rowCount: number;
  readonly groups: readonly ParquetGroup[];
}

/** Some thousand rows, which are written together. */
export interface ParquetGroup {
  readonly isSmall: boolean;
  /** @param columns the cells of a row, by name. Default: all */
  readonly read: (columns?: readonly string[]) => Promise<readonly ParquetRow[]>;
  /** The group as it is stored, for `ParquetFileWriter.copy`. */
  readonly stored: () => Promise<StoredGroup>;
}

interface StoredGroup {
  readonly bytes: Uint8Array;
  /** Where they begin in their file. */
  readonly start: number;
  readonly group: RowGroup;
}

export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const { schema } = metadata;
  const decimals = decimalColumns(schema);
  // Without its logical type, a decimal is read as bytes. The reader would make a double of it.
  const stored = {
    ...metadata,
    schema: schema.map((element) => (isDecimal(element) ? withoutType(element) : element)),
  };
  return {
    schema,
    rowCount: Number(metadata.num_rows),
    groups: metadata.row_groups.map((group, index): ParquetGroup => {
      const rowStart = metadata.row_groups.slice(0, index).reduce((sum, { num_rows: rows }) => sum + Number(rows), 0);
      const chunks = group.columns.flatMap(({ meta_data: chunk }) => chunk ?? []);
      const start = Math.min(...chunks.map((chunk) => Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)));
      const size = chunks.reduce((sum, { total_compressed_size: bytes }) => sum + Number(bytes), 0);
      return {
        isSmall: Number(group.num_rows) < rowsOfGroup / 2 && size < bytesOfGroup / 8,
        read: async (columns) => {
          let rows: unknown[][] = [];
          await parquetRead({
            file,
            metadata: stored,
            rowStart,
            rowEnd: rowStart + Number(group.num_rows),
            ...(columns === undefined ? {} : { columns: [...columns] }),
            parsers: { timestampFromMicroseconds: asStored },
            onComplete: (found) => {
              rows = found as unknown as unknown[][];
            },
          });
          if (columns === undefined)
            for (const row of rows) for (const column of decimals) row[column] = toWholeNumber(row[column]);
          return rows;
        },
        stored: async () => ({ bytes: new Uint8Array(await file.slice(start, start + size)), start, group }),
      };
    }),
  };
}

// The type of the parsers allows dates only.
const asStored = ((value: bigint) => value) as unknown as (value: bigint) => Date;
const isDecimal = ({ converted_type: type }: SchemaElement) => type === 'DECIMAL';

function withoutType({ converted_type: _, logical_type: __, scale: ___, precision: ____, ...element }: SchemaElement) {
  return element;
}

/** The names of the columns. The parts of a list follow it. */
export function columnsOf(schema: readonly SchemaElement[]): string[] {
  return columnElements(schema).map(({ name }) => name);
}

function columnElements(
  schema: readonly SchemaElement[],
): { readonly name: string; readonly parts: SchemaElement[] }[] {
  const columns: { name: string; parts: SchemaElement[] }[] = [];
  let index = 1;
  while (index < schema.length) {
    const end = endOf(schema, index);
    const parts = schema.slice(index, end);
    columns.push({ name: parts[0]?.name ?? '', parts });
    index = end;
  }
  return columns;
}

function endOf(schema: readonly SchemaElement[], start: number): number {
  let end = start + 1;
  for (let child = 0; child < (schema[start]?.num_children ?? 0); child++) end = endOf(schema, end);
  return end;
}

function decimalColumns(schema: readonly SchemaElement[]): number[] {
  return columnElements(schema).flatMap(({ parts }, index) => (parts.some(isDecimal) ? [index] : []));
}

/** The schema without a column. */
export function withoutColumn(schema: readonly SchemaElement[], name: string): SchemaElement[] {
  const columns = columnElements(schema).filter((column) => column.name !== name);
  const [root] = schema as [SchemaElement];
  return [{ ...root, num_children: columns.length }, ...columns.flatMap(({ parts }) => parts)];
}

function toWholeNumber(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWholeNumber);
  if (!(value instanceof Uint8Array)) return value;
  let number = 0n;
  for (const byte of value) number = (number << 8n) | BigInt(byte);
  return BigInt.asIntN(value.length * 8, number);
}

/** The size of the groups that the API writes. */
const rowsOfGroup = 5000;
/** Long texts fill a group before it has so many rows. */
const bytesOfGroup = 4 * 1024 * 1024;

/** Writes a file in groups, and waits until it is on the disk. */
export class ParquetFileWriter {
  readonly #descriptor: number;
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  readonly #names: readonly string[];
  #columns: unknown[][];
  #size = 0;
  #isClosed = false;

  constructor(path: string, schema: readonly SchemaElement[]) {
    this.#descriptor = openSync(path, 'w');
    this.#file = new ParquetWriter({
      writer: this.#bytes,
      schema: [...schema],
      statistics: false,
      createdBy: 'Bulkhead',
    });
    this.#names = columnsOf(schema);
    this.#columns = this.#names.map(() => []);
  }

  add(row: ParquetRow): void {
    for (let index = 0; index < this.#columns.length; index++) {
      this.#columns[index]?.push(row[index]);
      this.#size += sizeOf(row[index]);
    }
    if (this.#columns[0]?.length === rowsOfGroup || this.#size > bytesOfGroup) this.#writeGroup();
  }

  /** Adds a group without reading it. */
  copy({ bytes, start, group }: StoredGroup): void {
    this.#flush();
    const moved = BigInt(this.#bytes.offset - start);
    this.#write(bytes);
    this.#bytes.offset += bytes.length;
    this.#file.num_rows += group.num_rows;
    this.#file.row_groups.push({
      ...group,
      columns: group.columns.map((column) => {
        const { meta_data: chunk } = column;
        if (!chunk) return column;
        const { data_page_offset: data, dictionary_page_offset: dictionary } = chunk;
        const offsets = {
          data_page_offset: data + moved,
          ...(dictionary === undefined ? {} : { dictionary_page_offset: dictionary + moved }),
        };
        return { ...column, file_offset: column.file_offset + moved, meta_data: { ...chunk, ...offsets } };
      }),
    });
  }

  end(): void {
    this.#writeGroup();
    void this.#file.finish();
    this.#flush();
    fsyncSync(this.#descriptor);
    this.close();
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#descriptor);
    this.#isClosed = true;
  }

  #writeGroup(): void {
    const rowGroupSize = this.#columns[0]?.length ?? 0;
    if (rowGroupSize === 0) return;
    const columnData = this.#names.map((name, index) => ({
      name,
      data: this.#columns[index] as unknown[],
      offsetIndex: false,
    }));
    void this.#file.write({ columnData, rowGroupSize });
    this.#columns = this.#names.map(() => []);
    this.#size = 0;
    this.#flush();
  }

  /** The offset of the bytes counts on. */
  #flush(): void {
    this.#write(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }

  #write(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
  }
}

function sizeOf(cell: unknown): number {
  if (typeof cell === 'string') return cell.length + 8;
  return Array.isArray(cell) ? cell.reduce<number>((sum, item) => sum + sizeOf(item), 8) : 8;
}
