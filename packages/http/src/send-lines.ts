import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Response } from 'express';
import type { DownloadSlots } from './limits/download-slots.ts';
import { recordNow } from './middleware/audit-trail.ts';
import { callerOf } from './middleware/caller-of.ts';

/** Lines of FHIR have a tenth of their size after the quickest levels. Higher ones cost several times the CPU time for little. */
const gzipLevel = 3;
/**
 * A larger first line is the content of a document, which is mostly compressed already. As gzip it would save a quarter, and be read as fast as
 * the process can, which takes more memory than a client that reads slowly.
 */
const largestToCompress = 1024 * 1024;

/**
 * Streams lines as fast as the client reads them. Reads the first chunk before it sends the headers, so that an error until then is
 * answered with its own status. Waits for a turn before that. A client that accepts gzip gets it. After a later error the connection is closed, so
 * that the client notices that lines are missing. It has the headers then: many clients repeat a request whose connection was closed without any.
 */
export async function sendLines(options: {
  readonly lines: AsyncIterable<Buffer>;
  readonly contentType: string;
  /** The name under which a browser stores the lines. By default it shows them. */
  readonly fileName?: string;
  readonly response: Response;
  readonly slots: DownloadSlots;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
}): Promise<void> {
  const { response, slots, signal } = options;
  await slots.run({
    keyId: callerOf(response).apiKey.id,
    signal,
    readBytes: () => readBytesOf(response),
    end: () => response.destroy(),
    download: () => send(options),
  });
}

/** Without what waits in this process. Undefined if nothing does, so that the client is not slow but waits for the next line. */
function readBytesOf({ socket, writableNeedDrain }: Response): number | undefined {
  return socket && writableNeedDrain ? socket.bytesWritten - socket.writableLength : undefined;
}

async function send({ lines, contentType, fileName, response }: Parameters<typeof sendLines>[0]): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  const read = await readFirst(iterator);
  const isLarge = read.some(({ length }) => length > largestToCompress);
  try {
    await recordNow(response);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
  if (fileName !== undefined) response.attachment(fileName);
  response.set('content-type', contentType);
  response.vary('accept-encoding');
  // Parquet is compressed already.
  const isText = /json|csv/.test(contentType) && !isLarge;
  const isCompressed = isText && response.req.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (isCompressed) response.set('content-encoding', 'gzip');
  response.flushHeaders();
  // Not a stream of their own, which reads a line while the one before waits for the client. A line can have 16 MB.
  const all = resume(read, iterator);
  await (isCompressed ? pipeline(all, createGzip({ level: gzipLevel }), response) : pipeline(all, response));
}

/** A list from which the chunk is taken, because a variable would hold it until the last line is sent. */
async function readFirst(lines: AsyncIterator<Buffer>): Promise<Buffer[]> {
  const { done, value } = await lines.next();
  return done ? [] : [value];
}

async function* resume(read: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  while (read.length > 0) yield read.shift() as Buffer;
  yield* { [Symbol.asyncIterator]: () => rest };
}
