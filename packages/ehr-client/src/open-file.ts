import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EhrHttpError } from './ehr-http-error.ts';
import type { EhrSession } from './ehr-session.ts';
import type { RequestPriority } from './request-priority.ts';

export interface OpenFile {
  /**
   * The file's bytes, unpacked, from `startOffset`. Ends only after Content-Length, the last chunk's terminator or the
   * gzip trailer proved the end; anything else is an error on the stream.
   */
  readonly body: Readable;
  /** False where the server just closes the connection at the end: a cut would look the same. */
  readonly endIsProven: boolean;
  /** 0, or the offset that was asked for. */
  readonly startOffset: number;
  /** Strong validators only: a weak one cannot resume at a byte (RFC 9110 13.1.5). */
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** Of what is still to come, as it travels; undefined where the server does not say. */
  readonly contentLength: number | undefined;
}

/** As much as a socket hands over at a time; with zlib's 16 kB each chunk's way through the streams costs as much as its bytes. */
const unpackedChunkBytes = 64 * 1024;

/**
 * Opens an output file (FHIR Bulk Data, "Output File Request"), from a byte if there is progress. A server that does not
 * do ranges, or whose file changed, sends it from the start.
 */
export async function openFile(options: {
  readonly session: EhrSession;
  readonly url: string;
  readonly requiresAccessToken: boolean;
  readonly resume?: { readonly offset: number; readonly etag: string } | undefined;
  readonly signal?: AbortSignal | undefined;
  /** NDJSON, where it is not said. */
  readonly accept?: string;
  readonly priority?: RequestPriority;
  /** False where compression gains nothing: pictures and PDF. */
  readonly compressed?: boolean;
}): Promise<OpenFile> {
  const { session, url, requiresAccessToken, resume, signal } = options;
  const { accept = 'application/fhir+ndjson', priority = 'download', compressed = true } = options;
  // A range of a compressed body could not be mapped to lines, so a resumed file comes uncompressed. The byte before it comes
  // along: the range of a file that was read to its end would be empty, which is answered 416 and not told from a changed one.
  const headers = resume
    ? { range: `bytes=${resume.offset - 1}-`, 'if-range': resume.etag, 'accept-encoding': 'identity' }
    : { 'accept-encoding': compressed ? 'gzip' : 'identity' };
  try {
    const response = await session.send({
      method: 'GET',
      url,
      headers: { accept, ...headers },
      priority,
      responseType: 'stream',
      // The download job resumes by itself, at the byte.
      retries: 0,
      sendToken: requiresAccessToken,
      signal,
    });
    const message = response.data as IncomingMessage;
    const start = startOffset(message);
    if (message.statusCode === 206 && start !== (resume?.offset ?? 0) - 1) {
      // Another range than was asked for would leave a hole.
      message.destroy();
      return openFile({ ...options, resume: undefined });
    }
    const { 'content-type': contentType, 'content-length': length } = message.headers;
    const contentLength = length === undefined ? undefined : Number(length);
    const opened = { endIsProven: endIsProven(message), etag: strongEtag(message), contentType, contentLength };
    return resume && message.statusCode === 206
      ? { ...opened, body: withoutFirstByte(message), startOffset: resume.offset }
      : { ...opened, body: unpack(message), startOffset: 0 };
  } catch (error) {
    const isPastEnd = error instanceof EhrHttpError && error.status === 416 && resume !== undefined;
    if (!isPastEnd) throw error;
    return openFile({ ...options, resume: undefined });
  }
}

function unpack(message: IncomingMessage): Readable {
  if (message.headers['content-encoding'] !== 'gzip') return message;
  // Both ends are torn down together; whoever reads the unpacked stream sees the error.
  return pipeline(message, createGunzip({ chunkSize: unpackedChunkBytes }), () => undefined);
}

/** RFC 9112 6.3: a length, or the terminator of the last chunk; gzip has a trailer of its own. */
function endIsProven({ headers }: IncomingMessage): boolean {
  const isChunked = /chunked/i.test(headers['transfer-encoding'] ?? '');
  return isChunked || headers['content-length'] !== undefined || headers['content-encoding'] === 'gzip';
}

function withoutFirstByte(message: IncomingMessage): Readable {
  let isFirst = true;
  const rest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, isFirst ? chunk.subarray(1) : chunk);
      isFirst = false;
    },
  });
  // Both ends are torn down together; whoever reads the rest sees the error.
  return pipeline(message, rest, () => undefined);
}

/** @returns 0 for a whole file, NaN for a range that does not say where it starts. */
function startOffset(message: IncomingMessage): number {
  if (message.statusCode !== 206) return 0;
  return Number(/^bytes (\d+)-/.exec(message.headers['content-range'] ?? '')?.[1]);
}

function strongEtag({ headers: { etag } }: IncomingMessage): string | undefined {
  return etag?.startsWith('"') ? etag : undefined;
}
