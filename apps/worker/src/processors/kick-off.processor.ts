import { AppError } from '@bulkhead/domain';
import type { Processor } from '@bulkhead/queues';
import type { WorkDeps } from '../work/deps.ts';
import { failExport, toExportError } from '../work/fail-export.ts';
import { kickOff } from '../work/kick-off-export.ts';

export function createKickOffProcessor(deps: WorkDeps): Processor<'export.kick-off'> {
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
