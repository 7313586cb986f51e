import { createHash } from 'node:crypto';
import { cutBytes, type FileContent } from './file-content.ts';

/** Receives a line without its newline, numbered from 1. Returns its replacement, including newlines. */
export type LineChange = (line: Buffer, number: number) => Buffer | Iterable<Buffer>;

type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>;

const newline = 0x0a;
/** Short lines are sent together. One write per line would make the simulator the bottleneck of a measurement. */
const flushBytes = 64 * 1024;

/** Changes the lines of a file. Neither the file nor the replacement of a line is held in memory as a whole. */
export async function* changeLines(chunks: Chunks, change: LineChange): AsyncGenerator<Buffer> {
  let number = 0;
  for await (const lines of wholeLines(chunks)) {
    let held: Buffer[] = [];
    let heldBytes = 0;
    for (const line of lines) {
      number += 1;
      const changed = change(line, number);
      for (const piece of Buffer.isBuffer(changed) ? [changed] : changed) {
        held.push(piece);
        heldBytes += piece.length;
        if (heldBytes < flushBytes) continue;
        yield Buffer.concat(held);
        held = [];
        heldBytes = 0;
      }
    }
    if (heldBytes > 0) yield Buffer.concat(held);
  }
}

/** Yields the lines that each chunk completes. The last line may have no newline. */
async function* wholeLines(chunks: Chunks): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      lines.push(Buffer.concat([...rest, chunk.subarray(start, end)]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

/**
 * Changes a whole file. It is read once for its size and ETag and again to be served, so that nothing is held in
 * memory.
 */
export async function changeContent(content: FileContent, change: LineChange): Promise<FileContent> {
  const whole = { first: 0, last: content.sizeBytes - 1 };
  const changed = () => changeLines(content.read(whole), change);
  const hash = createHash('sha1');
  let sizeBytes = 0;
  for await (const chunk of changed()) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return {
    sizeBytes,
    etag: `"${hash.digest('base64url')}"`,
    read: (range) => cutBytes(changed(), range),
  };
}
