import { createHash } from 'node:crypto';
import { cutBytes, type FileContent } from '../export/file-content.ts';

/** A line without its newline, numbered from 1. Returns what comes in its place, newlines included. */
export type LineChange = (line: Buffer, number: number) => Buffer | Iterable<Buffer>;

interface ChangeLinesInput {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly change: LineChange;
}

const newline = 0x0a;
/** Small lines leave together: a write for each would make the simulator the slow side of a measurement. */
const flushBytes = 64 * 1024;

/** The bytes of a file whose lines are changed. Neither the file nor what a line becomes is held as a whole. */
export async function* changeLines({ chunks, change }: ChangeLinesInput): AsyncGenerator<Buffer> {
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

/** The lines that each chunk completes; the last one may come without a newline. */
async function* wholeLines(chunks: ChangeLinesInput['chunks']): AsyncGenerator<Buffer[]> {
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

interface ChangeContentInput {
  readonly content: FileContent;
  readonly change: LineChange;
}

/** Another file: read once to know its size and its ETag, and again to be served, so that nothing is held. */
export async function changeContent({ content, change }: ChangeContentInput): Promise<FileContent> {
  const whole = { first: 0, last: content.sizeBytes - 1 };
  const changed = () => changeLines({ chunks: content.read(whole), change });
  const hash = createHash('sha1');
  let sizeBytes = 0;
  for await (const chunk of changed()) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return {
    sizeBytes,
    etag: `"${hash.digest('base64url')}"`,
    read: ({ first, last }) => cutBytes({ chunks: changed(), skipBytes: first, lengthBytes: last - first + 1 }),
  };
}
