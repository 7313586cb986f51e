import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import type { ExportJob } from './enhanced-service.ts';

/** Each poll reads one record. An export takes minutes, so a delay of a second does not matter. */
const pollEveryMs = 1000;

/** Waits until an export ends. @throws AppError with the error of the export if it did not complete. */
export async function untilEnded<Job extends ExportJob & { readonly errorCode?: string }>(
  read: () => Promise<Job>,
): Promise<Job> {
  for (;;) {
    const job = await read();
    if (job.status === 'COMPLETED') return job;
    if (job.status !== 'IN_PROGRESS') {
      throw new AppError({
        code: job.errorCode ?? 'export-cancelled',
        message: job.errorMessage ?? 'The export was cancelled. Start a new one.',
        retry: 'never',
        context: { exportId: job.id },
      });
    }
    await setTimeout(pollEveryMs);
  }
}
