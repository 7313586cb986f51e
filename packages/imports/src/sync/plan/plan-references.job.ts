/*
 * Reads of what is not stored although stored resources refer to it. They are planned in rounds, because what is read can refer to others: a
 * result to its members, these to a PractitionerRole, that to a Practitioner and an Organization, and that to the one of which it is a part.
 *
 *   all steps have ended -> scan what has changed -> a step for each open reference -> ... -> nothing is open that was not requested
 */

import { hash } from 'node:crypto';
import { connectionGone } from '@bulkhead/connections/steps';
import { isUncovered } from '@bulkhead/fhir';
import { defineJob, type JobContext, minuteMs, tenTimes } from '@bulkhead/queues';
import { countSchema } from '@bulkhead/store';
import type { z } from 'zod';
import type { OpenReference } from '../../references/index.ts';
import { scanReferences } from '../../references/steps/index.ts';
import { isInPhase } from '../../runs/index.ts';
import { failGivenUpSync, finalizeSyncJob } from '../finish/finalize-sync.job.ts';
import { syncStepJob } from '../search/run-sync-step.job.ts';
import type { SyncDeps } from '../sync-deps.ts';
import { syncPayload } from '../sync-payload.ts';
import { needsReferences, type SkippedType, type SyncRun } from '../sync-run.record.ts';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncStep } from '../sync-step.record.ts';
import { notGranted } from './plan-steps.ts';

const roundPayload = syncPayload.extend({ round: countSchema });
type Round = z.output<typeof roundPayload>;

const uses = [
  'connections',
  'openReferences',
  'prepareResourceTypes',
  'resourceChanges',
  'resources',
  'syncRuns',
  'syncSteps',
] as const;
type Deps = SyncDeps<(typeof uses)[number]>;

export const planReferencesJob = defineJob({
  name: 'sync.plan-references',
  queue: 'sync',
  payload: roundPayload,
  jobId: ({ syncRunId, round }) => `references.${syncRunId}.${round}`,
  ...tenTimes,
  // If no export has looked through the store before, the first round does. The next attempt continues.
  timeoutMs: 60 * minuteMs,
  reportsProgress: true,
  tracedIds: ['syncRunId'],
  uses,
  run: planReferences,
  onFinalFailure: failGivenUpSync,
});

/** The job that plans the next round of a run. It has an id of its own, because it waits for the steps of the round before. */
export function nextRound({ id: syncRunId, referenceRounds = 0 }: SyncRun) {
  return { job: planReferencesJob, payload: { syncRunId, round: referenceRounds + 1 } };
}

/**
 * The longest usual chain has seven reads: report, panel, result, role, department, hospital, group. What is left after this many rounds is for
 * the next run, so that a run ends at a server that makes up a reference for each resource that is read.
 */
const maxRounds = 50;

/** The steps of a round. They are planned in some seconds, and in memory meanwhile. */
const maxTargets = 10_000;

/** After this time an EHR is asked again for what it did not have: it may have answered so by mistake, as during an update. */
const missingMs = 7 * 24 * 60 * minuteMs;

async function planReferences(
  deps: Deps,
  { syncRunId, round, signal, progress }: Round & Pick<JobContext, 'signal' | 'progress'>,
): Promise<void> {
  const { store, producer, logger } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (!run || !isInPhase(run, 'running') || !needsReferences(run)) return;
  if (round !== nextRound(run).payload.round || (await store.syncSteps.countUnsettled(syncRunId)) > 0) return;
  await scanReferences(deps, { connectionId: run.connectionId, signal, progress });
  const { targets, skipped } =
    round > maxRounds ? { targets: [], skipped: run.skipped } : await chooseTargets(deps, { run, signal });
  const types = [...new Set([...run.types, ...targets.map(({ resourceType }) => resourceType)])];
  await store.prepareResourceTypes(types);
  await store.syncSteps.insertMissing(targets.map((target) => toStep(run, target)));
  // After the steps, so that a worker that is killed in between plans the same steps again.
  await store.openReferences.notePlanned(syncRunId, targets);
  const stepCount = await store.syncSteps.count(syncRunId);
  const hasSteps = stepCount > (run.stepCount ?? 0);
  const change = hasSteps ? { types, stepCount, referenceRounds: round } : { referencesDone: true as const };
  const extended = await store.syncRuns.extend(run, { ...change, skipped });
  if (!extended) {
    // The steps were stored after the cancellation had cancelled the steps of the run.
    if ((await store.syncRuns.find(syncRunId))?.phase === 'cancelled') await store.syncSteps.cancelUnsettled(syncRunId);
    return;
  }
  if (!hasSteps) return producer.enqueueAgain(finalizeSyncJob, { syncRunId });
  const stepIds = await store.syncSteps.listUnsettledIds(syncRunId);
  logger.info('reads of references planned', { syncRunId, count: stepIds.length });
  await producer.addFlow({
    parent: nextRound(extended),
    children: { job: syncStepJob, payloads: stepIds.map((stepId) => ({ syncRunId, stepId })) },
  });
}

/** Chooses what this run has not planned to read. So it requests each resource once, whatever the EHR says. */
async function chooseTargets(
  { store, ehr, now }: SyncDeps<'connections' | 'openReferences'>,
  { run, signal }: { readonly run: SyncRun; readonly signal: AbortSignal },
): Promise<{ readonly targets: readonly OpenReference[]; readonly skipped: SkippedType[] }> {
  const { connectionId } = run;
  const connection = await store.connections.findWithSecrets(connectionId);
  if (!connection) throw connectionGone();
  const scope = await ehr.session(connection).readGrantedScope(signal);
  const open = { connectionId, syncRunId: run.id, missingBefore: new Date(now().getTime() - missingMs) };
  const types = await store.openReferences.listTypes(open);
  const uncovered = new Set(types.filter((resourceType) => isUncovered({ scope, resourceType })));
  const covered = types.filter((type) => !uncovered.has(type));
  const targets = await store.openReferences.list({ ...open, types: covered, limit: maxTargets });
  for (const { resourceType } of run.skipped) uncovered.delete(resourceType);
  return { targets, skipped: [...run.skipped, ...[...uncovered].map(notGranted)] };
}

/** The id depends on the target alone, so that a run requests it once. */
function toStep({ id: runId, connectionId }: SyncRun, target: OpenReference): SyncStep {
  const { resourceType, resourceId, patientIds } = target;
  const digest = hash('sha256', `${resourceType}/${resourceId}`).slice(0, 32);
  return {
    id: `${runId}.${digest}`,
    runId,
    connectionId,
    patientIds: [...patientIds],
    targetIds: [resourceId],
    searches: [newSyncSearch(resourceType)],
    state: 'pending',
    attempts: 0,
  };
}
