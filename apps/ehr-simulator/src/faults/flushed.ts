import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Response } from 'express';

/** What is on its way from a filter to the socket passes a few buffers of streams: this is ample, and short in a test. */
const settleMs = 20;

/** Resolves once what was sent has left the process: ending the connection would discard what is still queued. */
export async function flushed(res: Response): Promise<void> {
  await setTimeout(settleMs);
  while (res.socket && !res.socket.destroyed && res.socket.writableLength > 0) await setImmediate();
}
