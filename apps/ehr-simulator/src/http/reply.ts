import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Request, Response } from 'express';

/**
 * An answer as a value. Handlers return one and `sendReply` sends it, so that a fault can change any answer on its way
 * without a handler knowing.
 */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON document; it stays a value until it is sent. Excludes `body`. */
  readonly document?: unknown;
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** Compress the body on the wire. */
  readonly gzip?: boolean;
  /** How the end of the body is told, where it is not as the headers want it. */
  readonly framing?: 'content-length' | 'chunked' | 'close';
}

/** Changes the bytes on the wire: after compression, before the socket. */
type WireFilter = (body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

interface SendReplyOptions {
  readonly req: Request;
  readonly res: Response;
  readonly reply: Reply;
  readonly wireFilters?: readonly WireFilter[];
}

/** Sends an answer at the pace of the reader: a body is never held as a whole. */
export async function sendReply({ req, res, reply, wireFilters = [] }: SendReplyOptions): Promise<void> {
  const body = reply.document === undefined ? reply.body : Buffer.from(JSON.stringify(reply.document));
  res.status(reply.status);
  // Not `res.set`, which adds a charset that clients would have to strip.
  for (const [name, value] of Object.entries(headersOf({ reply, body }))) res.setHeader(name, value);
  if (reply.headers.connection === 'close' || reply.framing === 'close') res.shouldKeepAlive = false;
  // Node then has nothing left to tell the end of the body by but the end of the connection.
  if (reply.framing === 'close') res.useChunkedEncodingByDefault = false;
  if (req.method === 'HEAD' || body === undefined) {
    res.end();
    return;
  }
  if (Buffer.isBuffer(body) && !reply.gzip && !reply.framing && wireFilters.length === 0) {
    res.end(body);
    return;
  }
  await sendStream({ res, reply, body, wireFilters });
}

interface SendStreamOptions {
  readonly res: Response;
  readonly reply: Reply;
  readonly body: Buffer | AsyncIterable<Buffer>;
  readonly wireFilters: readonly WireFilter[];
}

async function sendStream({ res, reply, body, wireFilters }: SendStreamOptions): Promise<void> {
  const plain = Readable.from(Buffer.isBuffer(body) ? [body] : body, { objectMode: true, highWaterMark: 1 });
  const wire = wireFilters.reduce((bytes, filter) => filter(bytes), compressed({ reply, plain }));
  try {
    await pipeline(Readable.from(wire, { objectMode: true, highWaterMark: 1 }), res);
  } catch {
    // The reader went away, or a fault cut the connection: both are an end, neither is our failure.
    res.destroy();
  }
}

function compressed({ reply, plain }: { readonly reply: Reply; readonly plain: Readable }): AsyncIterable<Buffer> {
  if (!reply.gzip) return plain;
  // Fast rather than small: the simulator must never be the slow side of a measurement.
  const gzip: Transform = createGzip({ level: constants.Z_BEST_SPEED });
  pipeline(plain, gzip).catch(() => {
    // Seen by the reader of `gzip` as well, which reports it.
  });
  return gzip;
}

function headersOf({ reply, body }: { readonly reply: Reply; readonly body: Reply['body'] }): Record<string, string> {
  const headers: Record<string, string> = { ...reply.headers };
  if (reply.document !== undefined) headers['content-type'] ??= 'application/json';
  if (reply.gzip) {
    delete headers['content-length'];
    headers['content-encoding'] = 'gzip';
  } else if (Buffer.isBuffer(body) && !reply.framing) headers['content-length'] = String(body.length);
  return headers;
}
