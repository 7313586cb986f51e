import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { failExport, toExportError } from '../use-cases/fail-export.ts';
import { isFinalFailure } from '../use-cases/is-final-failure.ts';
import { kickOff } from '../use-cases/kick-off-export.ts';

export function createKickOffProcessor(deps: UseCaseDeps): Processor<'export.kick-off'> {
  return async ({ exportId }, { signal, isLastAttempt }) => {
    try {
      await kickOff(deps, { exportId, signal });
    } catch (error) {
      if (isFinalFailure({ error, isLastAttempt, signal }))
        await failExport(deps, { exportId, error: toExportError(error) });
      throw error;
    }
  };
}
