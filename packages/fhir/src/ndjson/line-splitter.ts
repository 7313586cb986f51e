/** One line of an NDJSON file, without its line end. */
export interface NdjsonLine {
  readonly bytes: Buffer;
  /** Counted from 1, including blank lines, so that an editor shows the same number. */
  readonly line: number;
  /** The offset of the line's first byte in the uncompressed file. */
  readonly offset: number;
  /** The offset of the first byte after the line end, where a download can resume. */
  readonly nextOffset: number;
  readonly sizeBytes: number;
  /** The line is longer than the limit. `bytes` is empty, and the content was returned before as `LongLinePart`s. */
  readonly isTooLong: boolean;
}

/** A part of a line that is longer than the limit. The parts are returned in order and before the line itself. */
export interface LongLinePart {
  readonly part: Buffer;
  readonly line: number;
  /** The offset of the line's first byte. */
  readonly offset: number;
}

export interface LineSplitterOptions {
  readonly maxLineBytes: number;
  /** The offset in the file at which this stream starts, for a resumed download. */
  readonly startOffset?: number;
  /** The number of lines before `startOffset`. */
  readonly startLine?: number;
}

const lineFeed = 0x0a;

/**
 * Splits at `\n` **bytes**, because a resume needs byte offsets, and a chunk may end inside a UTF-8 character (FHIR Bulk Data,
 * "Bulk Data Output File": NDJSON, UTF-8, `\n`). A line longer than the limit is returned in parts, so that one broken line cannot
 * use up the memory of the process.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lineBytes = 0;
  #offset: number;
  #line: number;

  constructor({ maxLineBytes, startOffset = 0, startLine = 0 }: LineSplitterOptions) {
    this.#maxLineBytes = maxLineBytes;
    this.#offset = startOffset;
    this.#line = startLine;
  }

  /** Returns the lines that this chunk completes, and parts of a line that is too long. */
  push(chunk: Buffer): (NdjsonLine | LongLinePart)[] {
    const pieces: (NdjsonLine | LongLinePart)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#take(chunk.subarray(start, end), pieces);
      pieces.push(this.#finish(1));
      start = end + 1;
    }
    if (start < chunk.length) this.#take(chunk.subarray(start), pieces);
    return pieces;
  }

  /** The bytes of an unfinished line in memory. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Returns the last line if the file does not end with a line end. */
  end(): NdjsonLine[] {
    return this.#lineBytes > 0 ? [this.#finish(0)] : [];
  }

  #take(bytes: Buffer, pieces: (NdjsonLine | LongLinePart)[]): void {
    if (bytes.length === 0) return;
    this.#lineBytes += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (!this.#isTooLong) return;
    pieces.push({ part: this.#takePending(), line: this.#line + 1, offset: this.#offset });
  }

  #finish(lineEndBytes: number): NdjsonLine {
    const offset = this.#offset;
    const sizeBytes = this.#lineBytes;
    const nextOffset = offset + sizeBytes + lineEndBytes;
    const isTooLong = this.#isTooLong;
    const bytes = withoutCarriageReturn(this.#takePending());
    this.#lineBytes = 0;
    this.#offset = nextOffset;
    this.#line += 1;
    return { bytes, line: this.#line, offset, nextOffset, sizeBytes, isTooLong };
  }

  get #isTooLong(): boolean {
    return this.#lineBytes > this.#maxLineBytes;
  }

  #takePending(): Buffer {
    const [only] = this.#pending;
    const bytes = this.#pending.length === 1 && only ? only : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }
}

function withoutCarriageReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}
