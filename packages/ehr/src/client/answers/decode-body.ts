import type { IncomingMessage } from 'node:http';
import { PassThrough, pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { AppError } from '@bulkhead/base';
import { JsonValueCounter, parseMediaType } from '@bulkhead/fhir';
import { peek, twoBytes } from './peek.ts';

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
  const codings = contentCodings(message.headers);
  return decodeCodings({ message, body: message, codings, maxBytes, error, trailing });
}

interface Coded {
  readonly message: IncomingMessage;
  /** `message`, or a stream that has its bytes again. */
  readonly body: Readable;
  /** In the order in which they were applied. */
  readonly codings: readonly string[];
  readonly maxBytes: number;
  readonly error: () => AppError;
  readonly trailing: () => AppError;
}

function decodeCodings({ message, codings, maxBytes, error, trailing, ...coded }: Coded): Readable | undefined {
  if (codings.length > maxCodings) return undefined;
  let { body } = coded;
  for (const coding of codings.toReversed()) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (!decoder) return undefined;
    // The last decoder may produce nothing, for example from millions of empty files, so that only this limit sees what it reads.
    const encoded = body === coded.body ? body : limitBody({ body, received: message, maxBytes, error });
    body = decode(encoded, { decoder: decoder(), trailing });
  }
  return body;
}

/** RFC 1952, section 2.3.1. No text of JSON begins with them. */
const gzipMagic = Buffer.from([0x1f, 0x8b]);
const isGzip = (start: Buffer) => start.subarray(0, 2).equals(gzipMagic);

/** A whole file of text, decoded as its bytes are. */
interface DecodedFile {
  readonly body: Readable;
  /** The headers that fit the bytes. Nothing can be resumed at a byte if they are others than those that the server sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Decodes a file of text. Object stores keep a coding that was named when a file was put there, or none, so that the first two bytes decide about gzip
 * and not the headers.
 * @returns undefined if it has an unknown coding, or too many
 */
export async function decodeFile(
  message: IncomingMessage,
  { error, trailing }: { readonly error: () => AppError; readonly trailing: () => AppError },
): Promise<DecodedFile | undefined> {
  const headers = message.headers as DecodedFile['headers'];
  const named = contentCodings(headers);
  const { start, body } = await peek(message, twoBytes);
  const isPlain = decoders[named.at(-1) ?? ''] === gunzip && start.length >= 2 && !isGzip(start);
  const codings = isPlain ? named.slice(0, -1) : [...named];
  const limits = { message, maxBytes: Number.POSITIVE_INFINITY, error, trailing };
  let next: Readable | undefined = decodeCodings({ ...limits, body, codings });
  while (next) {
    // Counts what was received from here on, so it begins before anything is read.
    const limited: Readable = limitBody({ ...limits, body: next, received: next === body ? body : message });
    const text = await peek(limited, twoBytes);
    if (!isGzip(text.start)) {
      const isAsNamed = codings.length === named.length && !isPlain;
      return { body: text.body, headers: isAsNamed ? headers : withCodings(headers, codings) };
    }
    codings.unshift('gzip');
    next = codings.length > maxCodings ? undefined : decode(text.body, { decoder: gunzip(), trailing });
  }
  return undefined;
}

function withCodings(headers: DecodedFile['headers'], codings: readonly string[]): DecodedFile['headers'] {
  const isGzipType = gzipTypes.has(parseMediaType(headers['content-type'])?.mediaType ?? '');
  const contentType = isGzipType ? undefined : headers['content-type'];
  return { ...headers, etag: undefined, 'content-encoding': codings.join(', '), 'content-type': contentType };
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
