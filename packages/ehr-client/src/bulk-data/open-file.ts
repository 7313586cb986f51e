import { pipeline, type Readable, Transform } from 'node:stream';
import type { RequestPriority } from '@bulkhead/rate-limiter';
import type { EhrResponse } from '../answers/accept-answer.ts';
import { type AnswerRules, fileAnswer } from '../answers/answer-rules.ts';
import { contentCodings } from '../answers/decode-body.ts';
import type { EhrSession } from '../ehr-session.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';

export interface OpenFile {
  /**
   * The file's bytes, decoded, from `startOffset`. Ends only after Content-Length, the last chunk's terminator or the end of
   * the compressed data proved the end; anything else is an error on the stream.
   */
  readonly body: Readable;
  /** False if the server just closes the connection at the end: a cut would look the same. */
  readonly endIsProven: boolean;
  /** 0, or the offset that was asked for. */
  readonly startOffset: number;
  /** Strong validators only: a weak one cannot resume at a byte (RFC 9110 13.1.5). */
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** Of what is still to come, as it travels; undefined if the server does not say. */
  readonly contentLength: number | undefined;
}

interface Resume {
  readonly offset: number;
  readonly etag: string;
}

interface OpenFileOptions {
  readonly session: EhrSession;
  readonly url: string;
  readonly requiresAccessToken: boolean;
  readonly resume?: Resume | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the answer has to be. Left out: an output file. */
  readonly answer?: AnswerRules;
  /** Left out: NDJSON. */
  readonly accept?: string;
  readonly priority?: RequestPriority;
  /** False if compression gains nothing: pictures and PDF. */
  readonly compressed?: boolean;
}

/**
 * Opens an output file (FHIR Bulk Data, "Output File Request"), from a byte if there is progress. The file comes from its
 * start if the server does not support ranges, if the file changed, or if the range is not exactly the rest of the file.
 */
export async function openFile(options: OpenFileOptions): Promise<OpenFile> {
  const { resume, answer = fileAnswer, compressed = true } = options;
  const rest = resume && (await openRest(options, resume));
  if (rest) return rest;
  return toWhole(await request(options, { answer, headers: { 'accept-encoding': compressed ? 'gzip' : 'identity' } }));
}

/** @returns undefined if the answer is of no use for a resume */
async function openRest(options: OpenFileOptions, resume: Resume): Promise<OpenFile | undefined> {
  const { answer = fileAnswer } = options;
  let response: EhrResponse;
  try {
    response = await request(options, {
      answer: { ...answer, usable: [...answer.usable, 206] },
      // A range of a compressed body could not be mapped to lines, so a resumed file comes uncompressed. The byte before the
      // offset comes along: the rest of a file that was read to its end would be empty, which a server answers with 416, as
      // it does for a file that became shorter.
      headers: {
        range: `bytes=${resume.offset - 1}-`,
        'if-range': resume.etag,
        'accept-encoding': 'identity',
      },
    });
  } catch (error) {
    if (error instanceof EhrHttpError && error.status === 416) return undefined;
    throw error;
  }
  if (response.status !== 206) return toWhole(response);
  const body = response.data as Readable;
  const range = wholeRestOf(response, resume);
  if (!range) {
    body.destroy();
    return undefined;
  }
  return { ...describe(response), body: withoutFirstByte(body, range.sizeBytes), startOffset: resume.offset };
}

function request(
  options: OpenFileOptions,
  { answer, headers }: { readonly answer: AnswerRules; readonly headers: Readonly<Record<string, string>> },
): Promise<EhrResponse> {
  const { session, url, requiresAccessToken, signal } = options;
  const { accept = 'application/fhir+ndjson', priority = 'download' } = options;
  return session.send({
    method: 'GET',
    url,
    headers: { accept, ...headers },
    priority,
    answer,
    // The download job resumes by itself, at the byte.
    retries: 0,
    sendToken: requiresAccessToken,
    signal,
  });
}

function toWhole(response: EhrResponse): OpenFile {
  return { ...describe(response), body: response.data as Readable, startOffset: 0 };
}

function describe({ headers }: EhrResponse): Omit<OpenFile, 'body' | 'startOffset'> {
  const length = headers['content-length'];
  return {
    endIsProven: endIsProven(headers),
    etag: strongEtag(headers),
    contentType: headers['content-type'],
    contentLength: length === undefined ? undefined : Number(length),
  };
}

/**
 * The range of a 206, if it is all of the rest: of the same version, plain, from the byte before the offset to the last byte.
 * A shorter range is allowed (RFC 9110 14.2), but its end would look like the end of the file.
 */
function wholeRestOf({ headers }: EhrResponse, { offset, etag }: Resume): { readonly sizeBytes: number } | undefined {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '');
  if (!range || strongEtag(headers) !== etag || contentCodings(headers).length > 0) return undefined;
  const [start = 0, end = 0, total = 0] = range.slice(1).map(Number);
  if (start !== offset - 1 || end !== total - 1 || end < start) return undefined;
  const sizeBytes = end - start + 1;
  const length = headers['content-length'];
  return length === undefined || Number(length) === sizeBytes ? { sizeBytes } : undefined;
}

/** RFC 9112 6.3: a length, or the terminator of the last chunk; compressed data has an end of its own. */
function endIsProven(headers: EhrResponse['headers']): boolean {
  const isChunked = /chunked/i.test(headers['transfer-encoding'] ?? '');
  return isChunked || headers['content-length'] !== undefined || contentCodings(headers).length > 0;
}

/** @param sizeBytes of the body; one of another size is an error on the stream */
function withoutFirstByte(body: Readable, sizeBytes: number): Readable {
  let received = 0;
  const rest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, received === 0 ? chunk.subarray(1) : chunk);
      received += chunk.length;
    },
    flush(done) {
      const isWhole = received === sizeBytes;
      done(isWhole ? null : Object.assign(new Error('the range has another length'), { code: 'ERR_BAD_RESPONSE' }));
    },
  });
  // Both ends are torn down together; the reader of the rest sees the error.
  return pipeline(body, rest, () => undefined);
}

function strongEtag({ etag }: EhrResponse['headers']): string | undefined {
  return etag?.startsWith('"') ? etag : undefined;
}
