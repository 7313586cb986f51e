import { pipeline, type Readable } from 'node:stream';
import { parseMediaType } from '@bulkhead/fhir';
import { fileFormOf, toLines } from './file-form.ts';
import { peek } from './peek.ts';

/*
 * Servers name NDJSON in many ways, so the content type of a file is only a hint and the beginning of its first line decides:
 *
 *   a Bundle                        --> refused for good, if resources were requested
 *   a JSON array, or line breaks    --> a file, which `toLines` rewrites
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

/** More than the first line of a resource with line breaks, and more blank space than before any first line. */
const maxStartBytes = 64 * 1024;
/** How much is kept of a refused file, see `toEhrText`. */
const quotedCharacters = 2000;

const utf8 = new TextDecoder();

export type NdjsonStart =
  /** `isRewritten`: the bytes are not those that the server sent. */
  | { readonly isNdjson: true; readonly body: Readable; readonly isRewritten?: true }
  | { readonly isNdjson: false; readonly isWebPage: boolean; readonly isBundle?: boolean; readonly start: string };

/** Reads the beginning of a decoded body, which can then still be read as a whole. */
export async function checkNdjson(
  body: Readable,
  { contentType, holdsBundles }: { readonly contentType: string | undefined; readonly holdsBundles: boolean },
): Promise<NdjsonStart> {
  const { start, body: wholeBody } = await peek(body, showsForm());
  const text = body.errored ? '' : utf8.decode(start).trimStart();
  const form = fileFormOf(text);
  if (form === 'bundle' && !holdsBundles) {
    wholeBody.destroy();
    return { isNdjson: false, isWebPage: false, isBundle: true, start: text.slice(0, quotedCharacters) };
  }
  // The reader of the lines gets the error of either stream.
  const mediaType = mediaTypeOf(contentType);
  if (form === 'json' && (ndjsonTypes.has(mediaType) || text.includes('"resourceType"')))
    return { isNdjson: true, isRewritten: true, body: pipeline(wholeBody, toLines(), () => undefined) };
  if (text === '' || text.startsWith('{')) return { isNdjson: true, body: wholeBody };
  const isWebPage = webPageTypes.has(mediaType) || /^<(?:!doctype html|html)\b/i.test(text);
  if (ndjsonTypes.has(mediaType) && !isWebPage) return { isNdjson: true, body: wholeBody };
  wholeBody.destroy();
  return { isNdjson: false, isWebPage, start: text.slice(0, quotedCharacters) };
}

/** An answer without a content type says nothing. A type that cannot be parsed is another type than those of NDJSON. */
function mediaTypeOf(contentType = ''): string {
  return contentType.trim() === '' ? '' : (parseMediaType(contentType)?.mediaType ?? 'unreadable');
}

/** Whether the bytes so far show the form of the file. */
function showsForm() {
  // What was read is looked at again after it has doubled, because a server can send single bytes.
  let nextLookBytes = 1;
  return (chunks: readonly Buffer[], sizeBytes: number): boolean => {
    if (sizeBytes >= maxStartBytes) return true;
    if (sizeBytes < nextLookBytes) return false;
    nextLookBytes = sizeBytes * 2;
    return fileFormOf(utf8.decode(Buffer.concat(chunks))) !== 'unknown';
  };
}
