import { JsonTranscoder, numbersPerMember } from './transcode-json.ts';

/**
 * A batch of lines of one to two kilobytes, 512 kB together, uses some ten buffers and leaves little of the last one empty. A line that does not fit into a
 * buffer gets one of its own, which is not reused.
 */
const bufferBytes = 64 * 1024;
/** Resources have some 15 elements, so that this holds the members of most batches. */
const tableNumbers = 500 * 20 * numbersPerMember;
/** Four downloads with three batches of some 700 kB each need about this many at a time. */
const maxFreeBuffers = 120;
/** As many as batches. */
const maxFreeTables = 12;

/**
 * Buffers that are used again and again. Buffers of this size are outside of V8's heap, and new ones for each batch would make the garbage
 * collector run much more often.
 */
export class BufferPool {
  /** Shared, because it has no state between two texts. */
  readonly transcoder = new JsonTranscoder();
  readonly #free: Buffer[] = [];
  readonly #freeTables: Int32Array[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  /** Takes an array for the members of the lines of a batch. */
  takeTable(): Int32Array {
    return this.#freeTables.pop() ?? new Int32Array(tableNumbers);
  }

  giveBack(buffers: readonly Buffer[], table?: Int32Array): void {
    this.#free.push(...buffers.slice(0, maxFreeBuffers - this.#free.length));
    if (table?.length === tableNumbers && this.#freeTables.length < maxFreeTables) this.#freeTables.push(table);
  }
}

/** A JSON object as BSON. */
export interface BsonLine {
  /** The buffer that contains it, and its start and its end there. Valid until the lines are released. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** The members of the object, see `JsonTranscoder.members`, and their start and end in this array. */
  readonly members: Int32Array;
  readonly membersStart: number;
  readonly membersEnd: number;
}

/** The lines of a batch as BSON. They share buffers of a pool. */
export class BsonLines {
  readonly #pool: BufferPool;
  #pooled: Buffer[] = [];
  #end = 0;
  #table: Int32Array | undefined;
  #tableEnd = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** @param json valid UTF-8. @returns undefined if the text is not an ordinary JSON object, see `JsonTranscoder` */
  add(json: Buffer): BsonLine | undefined {
    const target = this.#pooled.at(-1) ?? this.#addBuffer();
    const start = this.#end;
    const line = this.#pool.transcoder.transcode({ json, target, start });
    if (!line) return undefined;
    if (line.end > target.length) return this.#addAgain(json, line.end - start);
    this.#end = line.end;
    return this.#toLine({ buffer: target, start, end: line.end }, line.membersEnd);
  }

  /** The line did not fit, but now its size is known. */
  #addAgain(json: Buffer, sizeBytes: number): BsonLine | undefined {
    const isPooled = sizeBytes <= bufferBytes;
    const target = isPooled ? this.#addBuffer() : Buffer.allocUnsafeSlow(sizeBytes);
    const line = this.#pool.transcoder.transcode({ json, target, start: 0 });
    if (isPooled) this.#end = sizeBytes;
    return line && this.#toLine({ buffer: target, start: 0, end: sizeBytes }, line.membersEnd);
  }

  /** Keeps the members, which the next line overwrites. */
  #toLine(position: Pick<BsonLine, 'buffer' | 'start' | 'end'>, length: number): BsonLine {
    const { members } = this.#pool.transcoder;
    let table = this.#table ?? this.#pool.takeTable();
    const membersStart = this.#tableEnd;
    if (membersStart + length > table.length) {
      const larger = new Int32Array(table.length * 2);
      larger.set(table);
      table = larger;
    }
    for (let index = 0; index < length; index++) table[membersStart + index] = members[index] as number;
    this.#table = table;
    this.#tableEnd += length;
    return { ...position, members: table, membersStart, membersEnd: this.#tableEnd };
  }

  #addBuffer(): Buffer {
    const buffer = this.#pool.take();
    this.#pooled.push(buffer);
    this.#end = 0;
    return buffer;
  }

  /** Gives the buffers back. The caller no longer uses any line. */
  release(): void {
    this.#pool.giveBack(this.#pooled, this.#table);
    this.#pooled = [];
    this.#table = undefined;
    this.#tableEnd = 0;
    this.#end = 0;
  }
}
