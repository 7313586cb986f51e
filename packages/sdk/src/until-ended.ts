import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import type { ExportJob } from './enhanced-service.ts';

/** One read of a record; nobody notices a second more. */
const lookEveryMs = 1000;

/** Waits for an export's end. @throws AppError with its own error where it did not complete. */
export async function untilEnded<Job extends ExportJob & { readonly errorCode?: string }>(
  read: () => Promise<Job>,
): Promise<Job> {
  for (;;) {
    const job = await read();
    if (job.status === 'COMPLETED') return job;
    if (job.status !== 'IN_PROGRESS') {
      throw new AppError({
        code: job.errorCode ?? 'export-cancelled',
        message: job.errorMessage ?? 'The export was cancelled. Ask for a new one.',
        retry: 'never',
        context: { exportId: job.id },
      });
    }
    await setTimeout(lookEveryMs);
  }
}
