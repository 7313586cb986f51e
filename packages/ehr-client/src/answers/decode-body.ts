import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { JsonValueCounter, parseMediaType } from '@bulkhead/fhir';
import type { AppError } from '@bulkhead/runtime';

/** As much as a socket hands over at a time; with zlib's 16 kB each chunk's way through the streams costs as much as its bytes. */
const chunkSize = 64 * 1024;

const decoders: Readonly<Record<string, (message: Readable) => Readable>> = {
  gzip: (encoded) => join(encoded, createGunzip({ chunkSize })),
  'x-gzip': (encoded) => join(encoded, createGunzip({ chunkSize })),
  // zlib's format, which RFC 9110 8.4.1.2 means by this name.
  deflate: (encoded) => join(encoded, createInflate({ chunkSize })),
  br: (encoded) => join(encoded, createBrotliDecompress({ chunkSize })),
  zstd: (encoded) => join(encoded, createZstdDecompress({ chunkSize })),
};

const gzipTypes: ReadonlySet<string> = new Set(['application/gzip', 'application/x-gzip']);

/** The codings of a body, in the order in which they were applied (RFC 9110 8.4). */
export function contentCodings(headers: Readonly<Record<string, unknown>>): readonly string[] {
  const codings = String(headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',');
  const named = codings.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity');
  // A file that is stored compressed may come as what it is, without a coding.
  const isGzipFile =
    named.length === 0 && gzipTypes.has(parseMediaType(String(headers['content-type'] ?? ''))?.mediaType ?? '');
  return isGzipFile ? ['gzip'] : named;
}

/**
 * The body without its codings. Its end proves the end of the compressed data: a cut is an error on the stream.
 * @returns undefined if it has a coding that is not known here
 */
export function decodeBody(message: IncomingMessage): Readable | undefined {
  let body: Readable = message;
  for (const coding of contentCodings(message.headers).toReversed()) {
    if (!Object.hasOwn(decoders, coding)) return undefined;
    body = decoders[coding]?.(body) ?? body;
  }
  return body;
}

/** Both ends are torn down together; the reader of the decoded stream sees the error. */
function join(encoded: Readable, decoder: Transform): Readable {
  return pipeline(encoded, decoder, () => undefined);
}

/** A gzip file of clinical data is a tenth to a fiftieth of its size; gzip at its best makes a thousandth of a text that repeats. */
const maxRatio = 250;
/** Below this even an extreme ratio costs nothing: the empty lines of a small file may be the whole of it. */
const ratioCountsFromBytes = 64 * 1024 * 1024;

/** A stream that fails with `error` once the body is larger than the limits, or is expanded more than data ever are. */
export function limitBody(options: {
  /** After decompression. */
  readonly body: Readable;
  /** As it comes from the socket. */
  readonly received: Readable;
  readonly maxBytes: number;
  readonly maxValues?: number | undefined;
  readonly error: () => AppError;
}): Readable {
  const { body, received, maxBytes, maxValues = Number.POSITIVE_INFINITY, error } = options;
  // A body without a coding is as large as what was received.
  if (body === received && maxBytes === Number.POSITIVE_INFINITY) return body;
  const counter = maxValues === Number.POSITIVE_INFINITY ? undefined : new JsonValueCounter();
  let sizeBytes = 0;
  let receivedBytes = 0;
  if (body !== received) {
    received.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
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
  return pipeline(body, limit, () => undefined);
}
