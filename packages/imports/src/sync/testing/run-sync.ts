import { lastAttempt } from '@bulkhead/queues/testing';
import { finalizeSync } from '../finish/finalize-sync.job.ts';
import { planSync, runSyncStep } from '../steps.ts';
import type { SyncRequest, SyncRun } from '../sync-run.record.ts';
import { makeSyncRun } from './make-sync-run.ts';
import type { UseCases } from './start-use-cases.ts';

export const signal: AbortSignal = new AbortController().signal;
export const progress = () => undefined;
export const patients = [1, 2, 3, 4].map((index) => `a-195900.E-${index}`);
export const standard = [
  'AllergyIntolerance',
  'Condition',
  'Immunization',
  'MedicationRequest',
  'Observation',
  'Procedure',
];
/** A request for the standard types of one patient. */
export const onePatient = { includeEnhanced: false, patients: patients.slice(0, 1) };

/** Runs a sync step by step to its end. */
export async function sync(cases: UseCases, change: Partial<SyncRequest> = {}) {
  const run = await plan(cases, change);
  return runToEnd(cases, run.id);
}

export async function plan({ deps }: UseCases, change: Partial<SyncRequest> = {}): Promise<SyncRun> {
  const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients, ...change };
  const run = makeSyncRun({ request });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  return run;
}

/** Runs the steps of a planned run as the workers do, without waits between attempts. */
export async function runToEnd({ deps }: UseCases, syncRunId: string) {
  const { store } = deps;
  for (const stepId of await store.syncSteps.listUnsettledIds(syncRunId)) {
    await runSyncStep(deps, { stepId, retryAt: lastAttempt, progress, signal });
  }
  await finalizeSync(deps, { syncRunId });
  const counts = await store.syncSteps.sumByType(syncRunId);
  const run = await store.syncRuns.find(syncRunId);
  if (!run) throw new Error('the run is gone');
  return { run, phase: run.phase, byType: new Map(counts.map((count) => [count.resourceType, count])) };
}

/** Retries a run as the API does for a user. */
export async function retry(cases: UseCases, run: SyncRun) {
  const { store } = cases.deps;
  const prepare = () => store.syncSteps.retryFailed(run.id);
  await store.syncRuns.reopen({ from: run, now: new Date(), prepare });
  return runToEnd(cases, run.id);
}

export function marksOf({ deps, connection }: UseCases, patientId: string) {
  return deps.store.crawlMarks.find({ connectionId: connection.id, patientId });
}
