import { pipeline, type Readable, Transform } from 'node:stream';
import type { RequestPriority } from '../../rate-limiter/index.ts';
import type { EhrResponse } from '../answers/accept-answer.ts';
import { type AnswerRules, fileAnswer } from '../answers/answer-rules.ts';
import { contentCodings } from '../answers/decode-body.ts';
import type { EhrSession } from '../ehr-session.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';

/**
 * Downloads output files. A download that broke off resumes at the last stored byte with `Range` and `If-Range`. The rest is used
 * only if the server proves that it is exactly the rest of the same version of the file. In every other case the file is read from
 * the start. The end of a file counts only if the server proves it, so that a cut-off file is never taken for a complete one.
 *
 *   no progress             --> GET                        --> whole file
 *   offset and strong ETag  --> GET with Range, If-Range   --> 206 with exactly the rest --> rest
 *                                                          --> 200 --> whole file
 *                                                          --> 416 or another 206 --> GET --> whole file
 */
export interface OpenFile {
  /**
   * The decoded bytes of the file from `startOffset`. The stream ends only if Content-Length, the terminator of the last chunk or
   * the end of the compressed data proves the end. Otherwise it fails.
   */
  readonly body: Readable;
  /** False if the server only closes the connection at the end, because a cut-off file would look the same. */
  readonly endIsProven: boolean;
  /** 0, or the requested offset. */
  readonly startOffset: number;
  /** Only strong validators, because a weak one cannot resume at a byte (RFC 9110, section 13.1.5). */
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** The size of the remaining bytes as they are transferred. Undefined if the server does not say so. */
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
  /** The form that the answer must have. The default is an output file of resources. */
  readonly answer?: AnswerRules;
  /** The default is NDJSON. */
  readonly accept?: string;
  readonly priority?: RequestPriority;
  /** False for content that compression does not make smaller, such as images and PDF. */
  readonly compressed?: boolean;
}

/**
 * Opens an output file (FHIR Bulk Data, "Output File Request"), at an offset if there is progress. The file is read from its start
 * if the server does not support ranges, if the file changed, or if the range is not exactly the rest of the file.
 */
export async function openFile(options: OpenFileOptions): Promise<OpenFile> {
  const { resume, answer = fileAnswer, compressed = true } = options;
  const rest = resume && (await openRest(options, resume));
  if (rest) return rest;
  return toWhole(await request(options, { answer, headers: { 'accept-encoding': compressed ? 'gzip' : 'identity' } }));
}

/** @returns undefined if the answer cannot be used for a resume */
async function openRest(options: OpenFileOptions, resume: Resume): Promise<OpenFile | undefined> {
  const { answer = fileAnswer } = options;
  let response: EhrResponse;
  try {
    response = await request(options, {
      answer: { ...answer, usable: [...answer.usable, 206] },
      // A range of a compressed body could not be mapped to lines, so a resumed file is requested uncompressed. The byte before the
      // offset is requested too. Otherwise the rest of a completely read file would be empty, and servers answer that with 416, as
      // for a file that became shorter.
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
  const sendToken = requiresAccessToken && (session.mayHaveToken(url) || !isSigned(url));
  return session.send({
    method: 'GET',
    url,
    headers: { accept, ...headers },
    priority,
    answer,
    // The download job itself resumes at the last byte.
    retries: 0,
    sendToken,
    tokenIfRefused: !sendToken,
    signal,
  });
}

/**
 * Whether a link has its own signature, as those of Amazon S3, CloudFront, Google Cloud Storage and Azure have. Such a store needs no token, and
 * refuses a request that has one ("Only one auth mechanism allowed"). Links of EHRs can be signed and need a token.
 */
function isSigned(url: string): boolean {
  return [...new URL(url).searchParams.keys()].some((name) => /^(?:(?:x-(?:amz|goog)-)?signature|sig)$/i.test(name));
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
 * The range of a 206 if it is exactly the rest of the same version, uncompressed, from the byte before the offset to the last byte.
 * A shorter range is allowed (RFC 9110, section 14.2), but its end would look like the end of the file.
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

/** By RFC 9112, section 6.3, a length or the terminator of the last chunk. Compressed data has its own end. */
function endIsProven(headers: EhrResponse['headers']): boolean {
  const isChunked = /chunked/i.test(headers['transfer-encoding'] ?? '');
  return isChunked || headers['content-length'] !== undefined || contentCodings(headers).length > 0;
}

/** @param sizeBytes the expected size of the body; another size is an error on the stream */
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
  // Both streams are destroyed together. The reader of the rest gets the error.
  return pipeline(body, rest, () => undefined);
}

function strongEtag({ etag }: EhrResponse['headers']): string | undefined {
  return etag?.startsWith('"') ? etag : undefined;
}
