import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { JsonValueCounter, parseMediaType } from '@bulkhead/fhir';
import type { AppError } from '@bulkhead/runtime';

/** The size of a socket's chunks. With zlib's 16 kB, passing each chunk through the streams costs as much as decoding it. */
const chunkBytes = 64 * 1024;

const decoders: Readonly<Record<string, (message: Readable) => Readable>> = {
  gzip: (encoded) => join(encoded, createGunzip({ chunkSize: chunkBytes })),
  'x-gzip': (encoded) => join(encoded, createGunzip({ chunkSize: chunkBytes })),
  // RFC 9110, section 8.4.1.2, uses this name for zlib's format.
  deflate: (encoded) => join(encoded, createInflate({ chunkSize: chunkBytes })),
  br: (encoded) => join(encoded, createBrotliDecompress({ chunkSize: chunkBytes })),
  zstd: (encoded) => join(encoded, createZstdDecompress({ chunkSize: chunkBytes })),
};

const gzipTypes: ReadonlySet<string> = new Set(['application/gzip', 'application/x-gzip']);

/** The codings of a body in the order in which they were applied (RFC 9110, section 8.4). */
export function contentCodings(headers: Readonly<Record<string, unknown>>): readonly string[] {
  const codings = String(headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',');
  const names = codings.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity');
  // A file that is stored compressed may be sent without a content coding.
  const isGzipFile =
    names.length === 0 && gzipTypes.has(parseMediaType(String(headers['content-type'] ?? ''))?.mediaType ?? '');
  return isGzipFile ? ['gzip'] : names;
}

/** A server applies one coding, and a proxy may add another. Each further one multiplies how far a small body expands. */
const maxCodings = 2;

/**
 * Decodes a body. The end of the stream proves the end of the compressed data, because a cut-off body is an error on the stream.
 * @param options.maxBetweenBytes the largest size between two codings. Default: only the ratio limits it
 * @param options.error the error of a body that exceeds a limit between two codings
 * @returns undefined if it has an unknown coding, or too many
 */
export function decodeBody(
  message: IncomingMessage,
  options: { readonly maxBetweenBytes?: number; readonly error: () => AppError },
): Readable | undefined {
  const { maxBetweenBytes: maxBytes = Number.POSITIVE_INFINITY, error } = options;
  const codings = contentCodings(message.headers).toReversed();
  if (codings.length > maxCodings) return undefined;
  let body: Readable = message;
  for (const coding of codings) {
    if (!Object.hasOwn(decoders, coding)) return undefined;
    // The last decoder may produce nothing, for example from millions of empty files, so that only this limit sees what it reads.
    const encoded = body === message ? body : limitBody({ body, received: message, maxBytes, error });
    body = decoders[coding]?.(encoded) ?? encoded;
  }
  return body;
}

/** Destroys both streams together. The reader of the decoded stream gets the error. */
function join(encoded: Readable, decoder: Transform): Readable {
  return pipeline(encoded, decoder, () => undefined);
}

/** Gzip compresses clinical data to between a tenth and a fiftieth, and repetitive text to a thousandth at best. */
const maxRatio = 250;
/** An extreme ratio does no harm below this size. A small file may consist of empty lines. */
const ratioCountsFromBytes = 64 * 1024 * 1024;

/** Makes a body fail with `error` if it exceeds a limit, or if it is expanded more than real data ever is. */
export function limitBody(options: {
  /** The body after decompression. */
  readonly body: Readable;
  /** The body as received from the socket. */
  readonly received: Readable;
  /** The largest size after decompression. A compressed body may not be larger either. */
  readonly maxBytes: number;
  readonly maxValues?: number | undefined;
  /** How long the body may take. */
  readonly maxMs?: number | undefined;
  readonly error: () => AppError;
}): Readable {
  const { body, received, maxBytes, maxValues = Number.POSITIVE_INFINITY, maxMs, error } = options;
  // A body without a coding is as large as the received bytes.
  if (body === received && maxBytes === Number.POSITIVE_INFINITY) return body;
  const counter = maxValues === Number.POSITIVE_INFINITY ? undefined : new JsonValueCounter();
  let sizeBytes = 0;
  let receivedBytes = 0;
  if (body !== received) {
    received.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (receivedBytes > maxBytes) limit.destroy(error());
    });
  }
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      const isExpanded = body !== received && sizeBytes > ratioCountsFromBytes && sizeBytes > maxRatio * receivedBytes;
      const hasTooMany = counter !== undefined && counter.add(chunk) > maxValues;
      if (sizeBytes > maxBytes || hasTooMany || isExpanded) done(error());
      else done(null, chunk);
    },
  });
  if (maxMs !== undefined) endAfter(limit, maxMs);
  return pipeline(body, limit, () => undefined);
}

/** Fails a stream that takes too long. A server that sends a byte a minute is never silent. */
function endAfter(stream: Readable, maxMs: number): void {
  const tooSlow = () => stream.destroy(Object.assign(new Error('the body took too long'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(tooSlow, maxMs).unref();
  stream.once('close', () => clearTimeout(timer));
}
