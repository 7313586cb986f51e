/** One line of an NDJSON file, without its line end. */
export interface NdjsonLine {
  readonly bytes: Buffer;
  /** Counted from 1, blank lines included, so that an editor shows the same number. */
  readonly line: number;
  /** Offset of the line's first byte in the (uncompressed) file. */
  readonly offset: number;
  /** Offset of the first byte after the line end: where a resume starts. */
  readonly nextOffset: number;
  /** The line was longer than the limit: `bytes` holds only its beginning. */
  readonly truncated: boolean;
}

export interface LineSplitterOptions {
  readonly maxLineBytes: number;
  /** Where this stream starts in the file, for a resumed download. */
  readonly startOffset?: number;
  /** How many lines lie before `startOffset`. */
  readonly startLine?: number;
}

const lineFeed = 0x0a;

/**
 * Splits on `\n` **bytes**: offsets are what a resume needs, and a chunk edge inside a UTF-8 character does no harm
 * (FHIR Bulk Data, "Bulk Data Output File": NDJSON, UTF-8, `\n`). A line longer than the limit is kept up to the limit and
 * marked, so that one broken line cannot take the process's memory.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #pending: Buffer[] = [];
  #keptBytes = 0;
  #lineBytes = 0;
  #offset: number;
  #line: number;

  constructor({ maxLineBytes, startOffset = 0, startLine = 0 }: LineSplitterOptions) {
    this.#maxLineBytes = maxLineBytes;
    this.#offset = startOffset;
    this.#line = startLine;
  }

  /** The lines that this chunk completes. */
  push(chunk: Buffer): NdjsonLine[] {
    const lines: NdjsonLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take(1));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The last line of a file that does not end with a line end. */
  end(): NdjsonLine[] {
    return this.#lineBytes > 0 ? [this.#take(0)] : [];
  }

  #keep(bytes: Buffer): void {
    this.#lineBytes += bytes.length;
    const room = this.#maxLineBytes - this.#keptBytes;
    if (room <= 0 || bytes.length === 0) return;
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#pending.push(kept);
    this.#keptBytes += kept.length;
  }

  #take(lineEndBytes: number): NdjsonLine {
    const offset = this.#offset;
    const nextOffset = offset + this.#lineBytes + lineEndBytes;
    const truncated = this.#lineBytes > this.#keptBytes;
    const [only] = this.#pending;
    const bytes = this.#pending.length === 1 && only ? only : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#keptBytes = 0;
    this.#lineBytes = 0;
    this.#offset = nextOffset;
    this.#line += 1;
    return { bytes: withoutCarriageReturn(bytes), line: this.#line, offset, nextOffset, truncated };
  }
}

function withoutCarriageReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}
