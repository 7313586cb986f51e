import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { replayLine } from '../use-cases/replay-line.ts';

export function createReplayLineProcessor(deps: UseCaseDeps): Processor<'quarantine.replay'> {
  return async (payload) => {
    await replayLine(deps, payload);
  };
}
