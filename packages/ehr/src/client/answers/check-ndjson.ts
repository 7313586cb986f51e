import { Readable } from 'node:stream';
import { parseMediaType } from '@bulkhead/fhir';

/*
 * Servers name NDJSON in many ways, so the content type of a file is only a hint and the beginning of its first line decides:
 *
 *   begins with {                   --> a file, whatever its type is
 *   a web page                      --> refused, and requested again later
 *   another type than NDJSON's      --> refused for good
 *   one of NDJSON's types           --> a file. Its bad lines are quarantined one by one
 *
 * This protects the quarantine, which would otherwise be filled with the lines of a document that has no resources.
 */

/** The media types of NDJSON in practice. Object stores send every file as an octet stream. */
const ndjsonTypes: ReadonlySet<string> = new Set([
  '',
  'application/fhir+ndjson',
  'application/ndjson+fhir',
  'application/ndjson',
  'application/x-ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json-seq',
  'application/fhir+json',
  'application/json',
  'application/octet-stream',
  'binary/octet-stream',
  'application/gzip',
  'application/x-gzip',
  'text/plain',
]);

const webPageTypes: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/** More blank space than before any first line. A file of blank lines has no resources to refuse. */
const maxBlankBytes = 64 * 1024;
/** How much is kept of a refused file, see `toEhrText`. */
const quotedCharacters = 2000;

const utf8 = new TextDecoder();

export type NdjsonStart =
  | { readonly isNdjson: true; readonly body: Readable }
  | { readonly isNdjson: false; readonly isWebPage: boolean; readonly start: string };

/** Reads the beginning of a decoded body, which can then still be read as a whole. */
export async function checkNdjson(body: Readable, contentType: string | undefined): Promise<NdjsonStart> {
  const start = await readFirstLine(body);
  const wholeBody = unread(body, start);
  const text = body.errored ? '' : utf8.decode(start).trimStart();
  if (text === '' || text.startsWith('{')) return { isNdjson: true, body: wholeBody };
  const mediaType = mediaTypeOf(contentType);
  const isWebPage = webPageTypes.has(mediaType) || /^<(?:!doctype html|html)\b/i.test(text);
  if (ndjsonTypes.has(mediaType) && !isWebPage) return { isNdjson: true, body: wholeBody };
  wholeBody.destroy();
  return { isNdjson: false, isWebPage, start: text.slice(0, quotedCharacters) };
}

/** An answer without a content type says nothing. A type that cannot be parsed is another type than those of NDJSON. */
function mediaTypeOf(contentType = ''): string {
  return contentType.trim() === '' ? '' : (parseMediaType(contentType)?.mediaType ?? 'unreadable');
}

/** Reads chunks until one has something other than blank space. */
async function readFirstLine(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let sizeBytes = 0; sizeBytes < maxBlankBytes; ) {
    const chunk = body.read() as Buffer | null;
    if (chunk === null) {
      if (body.readableEnded || body.destroyed) break;
      await nextEvent(body);
      continue;
    }
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (utf8.decode(chunk).trim() !== '') break;
  }
  return Buffer.concat(chunks);
}

/** Puts bytes back. A stream that has ended cannot take them. A stream that has failed gives its error to the reader. */
function unread(body: Readable, bytes: Buffer): Readable {
  if (body.errored) return body;
  if (body.readableEnded) return Readable.from([bytes]);
  if (bytes.length > 0) body.unshift(bytes);
  return body;
}

const streamEvents = ['readable', 'end', 'error', 'close'] as const;

function nextEvent(body: Readable): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      for (const name of streamEvents) body.off(name, settle);
      resolve();
    };
    for (const name of streamEvents) body.on(name, settle);
  });
}
