import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Response } from 'express';
import { z } from 'zod';
import type { Reply } from '../http/reply.ts';
import { defineFault, type FaultKind } from './fault.ts';

/** Short enough that an idle timeout of one second does not fire. */
const stepMs = 50;

/** Bytes pass a few stream buffers on their way to the socket. This is ample for them, and short in a test. */
const settleMs = 20;

export const connectionFaults: readonly FaultKind[] = [
  /** Resets the connection, immediately or after some bytes of the body. */
  defineBreak('reset', async (res) => {
    if (res.headersSent) await flushed(res);
    res.socket?.resetAndDestroy();
  }),
  /** Keeps the connection open without sending: no answer at all, or none after some bytes of the body. */
  defineBreak('stall', untilClosed),
  /** Sends the body at no more than `bytesPerSecond`. */
  defineFault({
    kind: 'slow',
    fields: { bytesPerSecond: z.int().min(20) },
    create: ({ bytesPerSecond }) => ({
      wire: async function* (body, res) {
        const stepBytes = Math.max(1, Math.floor((bytesPerSecond * stepMs) / 1000));
        for await (const chunk of body) {
          for (let start = 0; start < chunk.length; start += stepBytes) {
            if (res.closed) return;
            yield chunk.subarray(start, start + stepBytes);
            await setTimeout(stepMs);
          }
        }
      },
    }),
  }),
  /** Sends the body in writes of `bytes`. With 1, every character of several bytes is split. */
  defineFault({
    kind: 'small-chunks',
    fields: { bytes: z.int().min(1) },
    create: ({ bytes }) => ({
      wire: async function* (body, res) {
        res.socket?.setNoDelay(true);
        for await (const chunk of body) {
          for (let start = 0; start < chunk.length; start += bytes) {
            yield chunk.subarray(start, start + bytes);
            await setImmediate();
          }
        }
      },
    }),
  }),
  /**
   * Sets how the client recognises the end of the body: by `content-length`, by `chunked`, or by the end of the
   * connection (`close`, as in HTTP/1.0). `gzip` compresses the body if the client accepts it, but not with
   * `content-length`.
   */
  defineFault({
    kind: 'framing',
    fields: { as: z.enum(['content-length', 'chunked', 'close']), gzip: z.boolean().default(false) },
    create: ({ as, gzip }) => ({
      changeReply: (reply) => {
        const { 'content-length': length, ...headers } = reply.headers;
        const isZipped = gzip && as !== 'content-length' && (reply.gzip ?? false);
        const lengthHeader = as === 'content-length' && length !== undefined ? { 'content-length': length } : {};
        return { ...reply, headers: { ...headers, ...lengthHeader }, gzip: isZipped, framing: as };
      },
    }),
  }),
  /**
   * Sends a short body. With a Content-Length the connection is closed early; with chunks (order `framing` first) it is
   * closed before the last chunk. If `clean` or compressed, the body ends normally and only the gzip trailer or the
   * count shows that it is short. Without a `framing`, `clean` sends chunks; with `content-length`, the Content-Length
   * is short too.
   */
  defineFault({
    kind: 'truncate',
    fields: { afterBytes: z.int().min(0), clean: z.boolean().default(false) },
    create: ({ afterBytes, clean }) => {
      let isAborted = false;
      return {
        changeReply: (reply) => {
          isAborted = !clean && reply.framing === 'chunked';
          // Set explicitly, because a body in memory would get its full length.
          const { framing = clean ? 'chunked' : undefined } = reply;
          const headers = headersOf(reply, { afterBytes, clean });
          return { ...reply, headers, ...(framing && { framing }) };
        },
        wire: async function* (body, res) {
          yield* limitBytes(body, afterBytes);
          if (isAborted) await endOfConnection(res);
        },
      };
    },
  }),
  /** Ignores Range: the server answers 200 with the whole file. */
  defineFault({
    kind: 'ignore-range',
    fields: {},
    create: () => ({
      prepare: ({ req }) => {
        delete req.headers.range;
      },
    }),
  }),
];

/** Defines a fault that breaks the connection instead of an answer, or after some bytes of its body. */
function defineBreak(kind: string, breakOff: (res: Response) => Promise<void>): FaultKind {
  return defineFault({
    kind,
    fields: { afterBytes: z.int().min(0).optional() },
    create: ({ afterBytes }) => {
      if (afterBytes !== undefined) {
        return {
          wire: async function* (body, res) {
            yield* limitBytes(body, afterBytes);
            await breakOff(res);
          },
        };
      }
      return {
        before: async ({ res }) => {
          await breakOff(res);
          return 'gone';
        },
      };
    },
  });
}

async function untilClosed(res: Response): Promise<void> {
  if (!res.closed) await once(res, 'close');
}

function headersOf(reply: Reply, { afterBytes, clean }: { afterBytes: number; clean: boolean }): Reply['headers'] {
  const { 'content-length': length, ...headers } = reply.headers;
  if (clean && reply.framing === 'content-length') {
    return { ...headers, 'content-length': String(Math.min(afterBytes, Number(length ?? afterBytes))) };
  }
  if (clean || reply.gzip) return headers;
  return { ...headers, ...(length ? { 'content-length': length } : {}), connection: 'close' };
}

/** Sends what was written but not the final chunk. */
async function endOfConnection(res: Response): Promise<void> {
  await flushed(res);
  const { socket } = res;
  if (!socket || socket.destroyed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  await closed;
}

/** Returns the first bytes of a body. Bytes after them are not generated. */
async function* limitBytes(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let remainingBytes = maxBytes;
  if (remainingBytes === 0) return;
  for await (const chunk of body) {
    yield chunk.subarray(0, remainingBytes);
    remainingBytes -= chunk.length;
    if (remainingBytes <= 0) return;
  }
}

/** Resolves when all sent bytes have left the process, because ending the connection discards queued bytes. */
async function flushed(res: Response): Promise<void> {
  await setTimeout(settleMs);
  while (res.socket && !res.socket.destroyed && res.socket.writableLength > 0) await setImmediate();
}
