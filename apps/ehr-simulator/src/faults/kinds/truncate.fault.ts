import type { Response } from 'express';
import { z } from 'zod';
import type { Reply } from '../../http/reply.ts';
import { defineFault } from '../define-fault.ts';
import { flushed } from '../flushed.ts';
import { limitBytes } from '../limit-bytes.ts';

/**
 * A short body. With a Content-Length the connection is closed before it is reached, in chunks (order `framing` first)
 * before the last one. `clean`, or compressed, it ends like a whole one: only the gzip trailer or the count tells.
 * Without a `framing`, `clean` sends chunks; with `content-length`, it is the Content-Length that is short.
 */
export const truncateFault = defineFault({
  kind: 'truncate',
  fields: { afterBytes: z.int().min(0), clean: z.boolean().default(false) },
  create: ({ afterBytes, clean }) => {
    let isAborted = false;
    return {
      changeReply: ({ reply }) => {
        isAborted = !clean && reply.framing === 'chunked';
        // Said, since a body that is held would get its whole length.
        const { framing = clean ? 'chunked' : undefined } = reply;
        const headers = headersOf({ reply, afterBytes, clean });
        return { ...reply, headers, ...(framing && { framing }) };
      },
      wire: async function* ({ body, res }) {
        yield* limitBytes({ body, maxBytes: afterBytes });
        if (isAborted) await endOfConnection(res);
      },
    };
  },
});

interface HeadersOfInput {
  readonly reply: Reply;
  readonly afterBytes: number;
  readonly clean: boolean;
}

function headersOf({ reply, afterBytes, clean }: HeadersOfInput): Reply['headers'] {
  const { 'content-length': length, ...headers } = reply.headers;
  if (clean && reply.framing === 'content-length') {
    return { ...headers, 'content-length': String(Math.min(afterBytes, Number(length ?? afterBytes))) };
  }
  if (clean || reply.gzip) return headers;
  return { ...headers, ...(length ? { 'content-length': length } : {}), connection: 'close' };
}

/** What was written leaves; the chunk that would tell the end does not. */
async function endOfConnection(res: Response): Promise<void> {
  await flushed(res);
  const { socket } = res;
  if (!socket || socket.destroyed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  await closed;
}
