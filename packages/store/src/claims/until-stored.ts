import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';

/** The driver itself waits for a server (30 s by default), so this only spaces what it gives up. */
const waitMs = 500;

/**
 * Repeats a write for as long as MongoDB is away, full or broken: for what is known to this process only and cannot be asked
 * for again.
 * @throws the last error once `signal` is aborted, and any AppError.
 */
export async function untilStored<Result>(write: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      // Our own errors are answers, which asking again does not change.
      if (signal.aborted || error instanceof AppError) throw error;
      await setTimeout(waitMs);
    }
  }
}
