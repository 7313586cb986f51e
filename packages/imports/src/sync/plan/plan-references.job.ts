/*
 * Reads of what is not stored although stored resources refer to it. They are planned in rounds, because what is read can refer to others: a
 * result to its members, these to a PractitionerRole, that to a Practitioner and an Organization, and that to the one of which it is a part.
 *
 *   all steps have ended -> look through what is stored -> a step for each open reference -> ... -> nothing is open that was not requested
 *
 * The first round looks through everything that is stored, and a later one through what has changed since. Nothing is kept after the run but its
 * steps. They show what the EHR does not have.
 */

import { hash } from 'node:crypto';
import { connectionGone } from '@bulkhead/connections/steps';
import { ehrBaseUrls } from '@bulkhead/ehr/providers';
import { isInPatientCompartment, isUncovered, patientsOf, type Resource, referredTargets } from '@bulkhead/fhir';
import { type JobContext, minuteMs, work } from '@bulkhead/queues';
import { toBatches } from '@bulkhead/store';
import { isInPhase } from '../../runs/index.ts';
import { failGivenUpSync } from '../fail-sync.ts';
import { finalizeSyncJob, nextRound, planReferencesJob, type RoundPayload, syncStepJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import { needsReferences, type SyncRun } from '../sync-run.record.ts';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncStep } from '../sync-step.record.ts';
import { notGranted } from './plan-steps.ts';

type Deps = SyncDeps<
  'connections' | 'prepareResourceTypes' | 'resourceChanges' | 'resources' | 'syncRuns' | 'syncSteps'
>;

export const planReferencesWork = work(planReferencesJob, { run: planReferences, onFinalFailure: failGivenUpSync });

/**
 * The longest usual chain has seven reads: report, panel, result, role, department, hospital, group. What is left after this many rounds is for
 * the next run, so that a run ends at a server that makes up a reference for each resource that is read.
 */
const maxRounds = 50;

/** A round ends after this many reads. They are planned in some seconds, and in memory meanwhile. */
const maxTargets = 10_000;

/** A round ends after this many resources, and the next one continues. So an attempt that is interrupted repeats minutes of work. */
const maxResources = 2_000_000;

/** Resources of a part. Each refers to some ten others, most of them to the same, and a command with thousands of ids takes milliseconds. */
const partSize = 500;

/** After this time an EHR is asked again for what it did not have: it may have answered so by mistake, as during an update. */
const missingMs = 7 * 24 * 60 * minuteMs;

async function planReferences(
  deps: Deps,
  { syncRunId, round, signal, progress }: RoundPayload & Pick<JobContext, 'signal' | 'progress'>,
): Promise<void> {
  const { store, producer, logger } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (!run || !isInPhase(run, 'running') || !needsReferences(run)) return;
  if (round !== nextRound(run).payload.round || (await store.syncSteps.countUnsettled(syncRunId)) > 0) return;
  const found = round > maxRounds ? undefined : await findOpen(deps, { run, signal, progress });
  const targets = found?.targets ?? [];
  const types = [...new Set([...run.types, ...targets.map(({ resourceType }) => resourceType)])];
  await store.prepareResourceTypes(types);
  await store.syncSteps.insertMissing(targets.map((target) => toStep(run, target)));
  const stepCount = await store.syncSteps.count(syncRunId);
  const hasNext = found !== undefined && (!found.isWhole || stepCount > (run.stepCount ?? 0));
  const change = hasNext
    ? { types, stepCount, skipped: found.skipped, referenceMarks: found.marks, referenceRounds: round }
    : { skipped: found?.skipped ?? run.skipped, referencesDone: true as const };
  const extended = await store.syncRuns.extend(run, change);
  if (!extended) {
    // The steps were stored after the cancellation had cancelled the steps of the run.
    if ((await store.syncRuns.find(syncRunId))?.phase === 'cancelled') await store.syncSteps.cancelUnsettled(syncRunId);
    return;
  }
  if (!hasNext) return producer.enqueueAgain(finalizeSyncJob, { syncRunId });
  const stepIds = await store.syncSteps.listUnsettledIds(syncRunId);
  logger.info('reads of references planned', { syncRunId, count: stepIds.length });
  await producer.addFlow({
    parent: nextRound(extended),
    children: { job: syncStepJob, payloads: stepIds.map((stepId) => ({ syncRunId, stepId })) },
  });
}

/** A resource to which stored resources refer. */
interface Target {
  readonly resourceType: string;
  readonly resourceId: string;
  /** `<type>/<id>` of a stored resource that refers to it. */
  readonly referredBy: string;
  /** The patients to whose records it belongs: those of what refers to it. Empty if it belongs to none. */
  readonly patientIds: Set<string>;
}

/**
 * Looks through what is stored for references to what is not stored, from where the round before has stopped. It leaves out what this run has
 * requested before, so that a run requests each resource once, whatever the EHR says.
 */
async function findOpen(
  { store, ehr, now }: Deps,
  { run, signal, progress }: { readonly run: SyncRun } & Pick<JobContext, 'signal' | 'progress'>,
) {
  const { connectionId } = run;
  const connection = await store.connections.findWithSecrets(connectionId);
  if (!connection) throw connectionGone();
  const session = ehr.session(connection);
  const scope = await session.readGrantedScope(signal);
  const baseUrls = ehrBaseUrls(connection, session.provider);
  const missingSince = new Date(now().getTime() - missingMs);
  const open = new Map<string, Target>();
  const uncovered = new Set<string>();
  const addOpen = async (part: ReadonlyMap<string, Target>) => {
    for (const [resourceType, targets] of Map.groupBy(part.values(), (target) => target.resourceType)) {
      if (isUncovered({ scope, resourceType })) uncovered.add(resourceType);
      else
        for (const batch of toBatches(targets)) addAll(open, await withoutKnown(store, { run, missingSince }, batch));
    }
  };
  // What is stored later is read again by the next round, because changes before it can still become visible.
  const until = await store.resourceChanges.settledUntil();
  const marks: Record<string, Date> = { ...run.referenceMarks };
  const found = (isWhole: boolean) => ({
    targets: [...open.values()],
    skipped: withUncovered(run, uncovered),
    marks,
    isWhole,
  });
  let count = 0;
  for (const resourceType of await store.resources.listStoredTypes(connectionId)) {
    const since = marks[resourceType] ?? new Date(0);
    let part = new Map<string, Target>();
    for await (const change of store.resourceChanges.readInOnePass({ connectionId, resourceType, since, signal })) {
      addTargets(part, { ...change, resourceType, baseUrls });
      if (++count % partSize > 0 && part.size < maxTargets) continue;
      await addOpen(part);
      part = new Map();
      progress();
      if (open.size < maxTargets && count < maxResources) continue;
      marks[resourceType] = new Date(Math.min(change.changedAt.getTime(), until.getTime()));
      return found(false);
    }
    await addOpen(part);
    marks[resourceType] = until;
  }
  return found(true);
}

/** Leaves out targets, all of one type, that are stored or must not be requested. */
async function withoutKnown(
  { resources, syncSteps }: Deps['store'],
  { run, missingSince }: { readonly run: SyncRun; readonly missingSince: Date },
  targets: readonly Target[],
): Promise<Target[]> {
  const [{ resourceType } = { resourceType: '' }] = targets;
  const ids = targets.map(({ resourceId }) => resourceId);
  const { id: runId, connectionId } = run;
  const known = await resources.findKnown({ connectionId, resourceType, ids });
  const asked = await syncSteps.findAsked({ connectionId, resourceType, ids, runId, missingSince });
  return targets.filter(({ resourceId: id }) => known.get(id)?.deleted !== false && !asked.has(id));
}

/** Adds targets. One that is known gets further patients. */
function addAll(open: Map<string, Target>, targets: readonly Target[]): void {
  for (const target of targets) {
    const known = open.get(keyOf(target));
    if (known) for (const patientId of target.patientIds) known.patientIds.add(patientId);
    else open.set(keyOf(target), target);
  }
}

/** Adds the targets of a stored resource. One that was deleted refers to nothing. */
function addTargets(
  targets: Map<string, Target>,
  change: {
    readonly resourceType: string;
    readonly resourceId: string;
    readonly resource: unknown;
    /** The names of the EHR. */
    readonly baseUrls: readonly string[];
  },
): void {
  if (!change.resource) return;
  const resource = change.resource as Resource;
  const referredBy = `${change.resourceType}/${change.resourceId}`;
  const patients = patientsOf(resource);
  for (const { type: resourceType, id: resourceId } of referredTargets(resource, change.baseUrls)) {
    const found = { resourceType, resourceId, referredBy, patientIds: new Set<string>() };
    const target = targets.get(keyOf(found)) ?? found;
    targets.set(keyOf(target), target);
    if (!isInPatientCompartment(resourceType)) continue;
    for (const patientId of patients) target.patientIds.add(patientId);
  }
}

function keyOf({ resourceType, resourceId }: Pick<Target, 'resourceType' | 'resourceId'>): string {
  return `${resourceType}/${resourceId}`;
}

function withUncovered({ skipped }: SyncRun, uncovered: ReadonlySet<string>) {
  const isNew = (type: string) => !skipped.some(({ resourceType }) => resourceType === type);
  return [...skipped, ...[...uncovered].filter(isNew).toSorted().map(notGranted)];
}

/** The id depends on the target alone, so that a run requests it once. */
function toStep({ id: runId, connectionId }: SyncRun, target: Target): SyncStep {
  const { resourceType, resourceId, referredBy, patientIds } = target;
  const digest = hash('sha256', keyOf(target)).slice(0, 32);
  return {
    id: `${runId}.${digest}`,
    runId,
    connectionId,
    patientIds: [...patientIds],
    target: { resourceId, referredBy },
    searches: [newSyncSearch(resourceType)],
    state: 'pending',
    attempts: 0,
  };
}
