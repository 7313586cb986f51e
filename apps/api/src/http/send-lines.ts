import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Response } from 'express';
import type { DownloadSlots } from './limits/download-slots.ts';
import { callerOf } from './middleware/caller-of.ts';

const signals = new WeakMap<Response, AbortSignal>();

/** Aborts if the client leaves before its answer is complete, so that the database stops the search. */
export function leftSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  signals.set(response, controller.signal);
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Whether work for the response was stopped, because its client has left. */
export function isStopped(response: Response): boolean {
  return signals.get(response)?.aborted === true;
}

/** Lines of FHIR have a tenth of their size after the quickest levels. Higher ones cost several times the CPU time for little. */
const gzipLevel = 3;
/**
 * A larger first line is the content of a document, which is mostly compressed already. As gzip it would save a quarter, and be read as fast as
 * the process can, which takes more memory than a client that reads slowly.
 */
const largestToCompress = 1024 * 1024;

/**
 * Streams lines as fast as the client reads them. Reads the first chunk before it sends the headers, so that an error until then is
 * answered with its own status. Waits for a turn before that. A client that accepts gzip gets it. After a later error the connection is closed, so that the client notices that lines are missing.
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
  const first = await iterator.next();
  if (fileName !== undefined) response.attachment(fileName);
  response.set('content-type', contentType);
  const source = Readable.from(resume(first, { [Symbol.asyncIterator]: () => iterator }));
  response.vary('accept-encoding');
  // Parquet is compressed already.
  const isText = /json|csv/.test(contentType) && (first.done || first.value.length <= largestToCompress);
  if (!isText || response.req.acceptsEncodings('gzip', 'identity') !== 'gzip') return pipeline(source, response);
  response.set('content-encoding', 'gzip');
  await pipeline(source, createGzip({ level: gzipLevel }), response);
}

async function* resume(first: IteratorResult<Buffer>, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
