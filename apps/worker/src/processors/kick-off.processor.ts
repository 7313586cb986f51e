import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { failExport, toExportError } from '../use-cases/fail-export.ts';
import { kickOff, noteKickOffRetry } from '../use-cases/kick-off-export.ts';

export function createKickOffProcessor(deps: UseCaseDeps): Processor<'export.kick-off'> {
  return async ({ exportId }, { signal, retryAt }) => {
    try {
      await kickOff(deps, { exportId, signal });
    } catch (error) {
      const nextAttemptAt = retryAt(error);
      if (nextAttemptAt === undefined) await failExport(deps, { exportId, error: toExportError(error) });
      else await noteKickOffRetry(deps, { exportId, error, nextAttemptAt });
      throw error;
    }
  };
}
