import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { runSchedule } from '../use-cases/run-schedule.ts';

export function createRunScheduleProcessor(deps: UseCaseDeps): Processor<'schedule.run'> {
  return (payload) => runSchedule(deps, payload);
}
