import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/base';

/** The driver already waits for a server (30 s by default), so this only spaces the attempts after that. */
const waitMs = 500;

/**
 * Repeats a write for as long as MongoDB is unavailable, full or broken. Use it for data that only this process has and that
 * cannot be requested again.
 * @throws the last error once `signal` is aborted, and any AppError.
 */
export async function untilStored<Result>(write: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      // An AppError is a decision of our own code, so a retry would end in the same way.
      if (signal.aborted || error instanceof AppError) throw error;
      await setTimeout(waitMs);
    }
  }
}
