import type { IncomingMessage } from 'node:http';
import { PassThrough, pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { AppError } from '@bulkhead/base';
import { JsonValueCounter, parseMediaType } from '@bulkhead/fhir';

/** The size of a socket's chunks. With zlib's 16 kB, passing each chunk through the streams costs as much as decoding it. */
const chunkBytes = 64 * 1024;

const options = { chunkSize: chunkBytes };
const gunzip = () => createGunzip(options);
const decoders: Readonly<Record<string, () => Transform & { readonly bytesWritten: number }>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // RFC 9110, section 8.4.1.2, uses this name for zlib's format.
  deflate: () => createInflate(options),
  br: () => createBrotliDecompress(options),
  zstd: () => createZstdDecompress(options),
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
 * @param options.trailing the error of a body with bytes after the end of its compressed data
 * @returns undefined if it has an unknown coding, or too many
 */
export function decodeBody(
  message: IncomingMessage,
  options: {
    readonly maxBetweenBytes?: number;
    readonly error: () => AppError;
    readonly trailing: () => AppError;
  },
): Readable | undefined {
  const { maxBetweenBytes: maxBytes = Number.POSITIVE_INFINITY, error, trailing } = options;
  const codings = contentCodings(message.headers).toReversed();
  if (codings.length > maxCodings) return undefined;
  let body: Readable = message;
  for (const coding of codings) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (!decoder) return undefined;
    // The last decoder may produce nothing, for example from millions of empty files, so that only this limit sees what it reads.
    const encoded = body === message ? body : limitBody({ body, received: message, maxBytes, error });
    body = decode(encoded, { decoder: decoder(), trailing });
  }
  return body;
}

/**
 * Destroys all streams together. The reader of the decoded stream gets the error. Node.js ends a decoder without an error at bytes that do not
 * belong to the compressed data, such as zeros between two gzip members or a second Brotli stream, and drops the rest.
 */
function decode(
  encoded: Readable,
  options: { readonly decoder: Transform & { readonly bytesWritten: number }; readonly trailing: () => AppError },
): Readable {
  const { decoder, trailing } = options;
  let receivedBytes = 0;
  encoded.on('data', (chunk: Buffer) => {
    receivedBytes += chunk.length;
  });
  const checked = new PassThrough({
    flush(done) {
      const isWhole = encoded.readableEnded && decoder.bytesWritten === receivedBytes;
      done(isWhole ? null : trailing());
    },
  });
  return pipeline(encoded, decoder, checked, () => undefined);
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
