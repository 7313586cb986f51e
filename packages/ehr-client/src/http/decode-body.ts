import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { parseMediaType } from '@bulkhead/fhir';

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
