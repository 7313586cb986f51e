import { JsonTranscoder, type MemberPositions } from './transcode-json.ts';

/**
 * Lines are around a kilobyte, so that one buffer holds most of a batch of 125 lines. A line that does not fit into a buffer gets one of
 * its own, which is not reused.
 */
const bufferBytes = 256 * 1024;
/** Four downloads with three batches each need about this many at a time. */
const maxFreeBuffers = 24;

/**
 * Buffers that are used again and again. Buffers of this size are outside of V8's heap, and new ones for each batch would make the garbage
 * collector run much more often.
 */
export class BufferPool {
  /** Shared, because it has no state between two texts. */
  readonly transcoder = new JsonTranscoder();
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  giveBack(buffers: readonly Buffer[]): void {
    this.#free.push(...buffers.slice(0, maxFreeBuffers - this.#free.length));
  }
}

/** A JSON object as BSON. */
export interface BsonLine {
  /** The buffer that contains it, and its start and its end there. Valid until the lines are released. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly members: MemberPositions;
}

/** The lines of a batch as BSON. They share buffers of a pool. */
export class BsonLines {
  readonly #pool: BufferPool;
  #pooled: Buffer[] = [];
  #end = 0;

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
    return { buffer: target, start, end: line.end, members: line.members };
  }

  /** The line did not fit, but now its size is known. */
  #addAgain(json: Buffer, sizeBytes: number): BsonLine | undefined {
    const isPooled = sizeBytes <= bufferBytes;
    const target = isPooled ? this.#addBuffer() : Buffer.allocUnsafeSlow(sizeBytes);
    const line = this.#pool.transcoder.transcode({ json, target, start: 0 });
    if (isPooled) this.#end = sizeBytes;
    return line && { buffer: target, start: 0, end: sizeBytes, members: line.members };
  }

  #addBuffer(): Buffer {
    const buffer = this.#pool.take();
    this.#pooled.push(buffer);
    this.#end = 0;
    return buffer;
  }

  /** Gives the buffers back. The caller no longer uses any line. */
  release(): void {
    this.#pool.giveBack(this.#pooled);
    this.#pooled = [];
    this.#end = 0;
  }
}
