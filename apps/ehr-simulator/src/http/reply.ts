import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Request, Response } from 'express';

/**
 * An answer as a value. Handlers return it and `sendReply` sends it, so that a fault can change any answer without the
 * handler.
 */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON document, serialized when it is sent. Excludes `body`. */
  readonly document?: unknown;
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** Compresses the body. */
  readonly gzip?: boolean;
  /** Overrides how the client recognises the end of the body. */
  readonly framing?: 'content-length' | 'chunked' | 'close';
}

/** Changes the bytes after compression, before they reach the socket. */
type WireFilter = (body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

interface SendReplyOptions {
  readonly req: Request;
  readonly res: Response;
  readonly reply: Reply;
  readonly wireFilters?: readonly WireFilter[];
}

/** Sends an answer as fast as the client reads it. A body is never held in memory as a whole. */
export async function sendReply({ req, res, reply, wireFilters = [] }: SendReplyOptions): Promise<void> {
  const body = reply.document === undefined ? reply.body : Buffer.from(JSON.stringify(reply.document));
  res.status(reply.status);
  // `res.set` would add a charset that clients must then strip.
  for (const [name, value] of Object.entries(headersOf(reply, body))) res.setHeader(name, value);
  if (reply.headers.connection === 'close' || reply.framing === 'close') res.shouldKeepAlive = false;
  // Node.js then ends the body by closing the connection.
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

interface SendStreamOptions extends Required<Omit<SendReplyOptions, 'req'>> {
  readonly body: Buffer | AsyncIterable<Buffer>;
}

async function sendStream({ res, reply, body, wireFilters }: SendStreamOptions): Promise<void> {
  const plain = Readable.from(Buffer.isBuffer(body) ? [body] : body, { objectMode: true, highWaterMark: 1 });
  const wire = wireFilters.reduce((bytes, filter) => filter(bytes), compressed(reply, plain));
  try {
    await pipeline(Readable.from(wire, { objectMode: true, highWaterMark: 1 }), res);
  } catch {
    // The client disconnected or a fault cut the connection. Neither is an error of the simulator.
    res.destroy();
  }
}

function compressed(reply: Reply, plain: Readable): AsyncIterable<Buffer> {
  if (!reply.gzip) return plain;
  // Speed matters more than size: the simulator must not be the bottleneck of a measurement.
  const gzip: Transform = createGzip({ level: constants.Z_BEST_SPEED });
  pipeline(plain, gzip).catch(() => {
    // The consumer of `gzip` receives and reports the same error.
  });
  return gzip;
}

function headersOf(reply: Reply, body: Reply['body']): Record<string, string> {
  const headers: Record<string, string> = { ...reply.headers };
  if (reply.document !== undefined) headers['content-type'] ??= 'application/json';
  if (reply.gzip) {
    delete headers['content-length'];
    headers['content-encoding'] = 'gzip';
  } else if (Buffer.isBuffer(body) && !reply.framing) headers['content-length'] = String(body.length);
  return headers;
}
