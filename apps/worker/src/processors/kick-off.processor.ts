import { AppError } from '@bulkhead/domain';
import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { failExport, toExportError } from '../use-cases/fail-export.ts';
import { kickOff } from '../use-cases/kick-off-export.ts';

export function createKickOffProcessor(deps: UseCaseDeps): Processor<'export.kick-off'> {
  return async ({ exportId }, { signal, isLastAttempt }) => {
    try {
      await kickOff(deps, { exportId, signal });
    } catch (error) {
      const retry = error instanceof AppError ? error.retry : 'later';
      const isFinal = retry === 'never' || (retry === 'later' && isLastAttempt);
      if (isFinal && !signal.aborted) await failExport(deps, { exportId, error: toExportError(error) });
      throw error;
    }
  };
}
