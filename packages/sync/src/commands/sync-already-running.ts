import { AppError } from '@bulkhead/runtime';

/** HTTP 409, with the running one's id. */
export function syncAlreadyRunning(syncRunId: string | undefined): AppError {
  return new AppError({
    code: 'sync-already-running',
    message: 'A sync of this connection is running. Follow that one, or cancel it first.',
    retry: 'never',
    context: syncRunId === undefined ? {} : { syncRunId },
  });
}
