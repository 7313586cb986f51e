import { EvaluationError } from '../fhirpath/expression-error.ts';
import type { TableColumn } from '../view/column-type.ts';
import type { Row } from '../view/make-rows.ts';

/** Writes rows in a format, as a stream of chunks. */
export interface TableWriter {
  /** @throws CellError if the format cannot hold a value. The row is then not written. */
  readonly add: (row: Row) => void;
  /** Takes the bytes that are ready, or undefined while they are fewer than a chunk. */
  readonly take: () => Buffer | undefined;
  /** Takes the remaining bytes. */
  readonly end: () => Buffer;
}

export interface WriterOptions {
  readonly columns: readonly TableColumn[];
  /** Whether a CSV prefixes texts that a spreadsheet would run as a formula. */
  readonly quotesFormulas?: boolean;
  /** Whether a CSV begins with the names of its columns. Default: true. */
  readonly hasHeader?: boolean;
}

/** A cell that a format cannot hold. */
export class CellError extends EvaluationError {
  readonly column: string;

  constructor(message: string, column: string) {
    super(message);
    this.column = column;
  }
}
