import { defineJob, minuteMs, tenTimes, threeTimes } from '@bulkhead/queues';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';
import type { SyncRun } from './sync-run.record.ts';

const syncPayload = z.strictObject({ syncRunId: z.string().min(1) });
const stepPayload = syncPayload.extend({ stepId: z.string().min(1) });
export type StepPayload = z.output<typeof stepPayload>;
const roundPayload = syncPayload.extend({ round: countSchema });
export type RoundPayload = z.output<typeof roundPayload>;

export const planSyncJob = defineJob({
  name: 'sync.plan',
  queue: 'sync',
  payload: syncPayload,
  jobId: ({ syncRunId }) => `plan.${syncRunId}`,
  // As for a kick-off, an EHR that is down for a quarter of an hour does not fail a nightly sync.
  ...tenTimes,
  timeoutMs: 10 * minuteMs,
  tracedIds: ['syncRunId'],
});

export const syncStepJob = defineJob({
  name: 'sync.step',
  queue: 'sync',
  payload: stepPayload,
  jobId: ({ stepId }) => `step.${stepId}`,
  // Attempts are cheap, because a step resumes at its page. 5 s doubled 7 times is 11 min.
  attempts: 8,
  backoffMs: 5000,
  // A dozen searches of a patient, each with several pages, after all polls and downloads of the same budget.
  timeoutMs: 60 * minuteMs,
  reportsProgress: true,
  tracedIds: ['syncRunId'],
});

export const planReferencesJob = defineJob({
  name: 'sync.plan-references',
  queue: 'sync',
  payload: roundPayload,
  jobId: ({ syncRunId, round }) => `references.${syncRunId}.${round}`,
  ...tenTimes,
  // `maxResources` take some ten minutes.
  timeoutMs: 60 * minuteMs,
  reportsProgress: true,
  tracedIds: ['syncRunId'],
});

export const finalizeSyncJob = defineJob({
  name: 'sync.finalize',
  queue: 'sync',
  payload: syncPayload,
  jobId: ({ syncRunId }) => `finalize.${syncRunId}`,
  ...tenTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['syncRunId'],
});

export const resumeSyncJob = defineJob({
  name: 'sync.resume',
  queue: 'sync',
  payload: syncPayload,
  jobId: ({ syncRunId }) => `resume.${syncRunId}`,
  // The sweep does the same within a minute.
  ...threeTimes,
  timeoutMs: 5 * minuteMs,
  tracedIds: ['syncRunId'],
});

/** The job that plans the next round of a run. It has an id of its own, because it waits for the steps of the round before. */
export function nextRound({ id: syncRunId, referenceRounds = 0 }: SyncRun) {
  return { job: planReferencesJob, payload: { syncRunId, round: referenceRounds + 1 } };
}
