import type { ConnectionService } from '@bulkhead/connections/commands';
import type { ProviderRegistry } from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import { AppError, invalidRequest, unavailable, waitUntil } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { checkCallback } from '@bulkhead/webhooks/commands';
import type { SyncStore } from '../store.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { isSyncActive } from '../sync-run-phase.ts';
import type { StepRetry, SyncTypeCount } from '../sync-step.record.ts';
import { cancelSync } from './cancel-sync.ts';
import { newSyncRun } from './new-sync-run.ts';
import type { SyncBody } from './sync.schema.ts';

/** Many proxies give up a request after a minute, so a run that lasts longer is followed by its URL. */
const shortWaitMs = 30_000;

export interface WhichRun {
  readonly provider: string;
  readonly id: string;
  readonly scope: ConnectionScope;
}

/** A run with its sums by type, and what it is held up by. */
export interface SyncRunState {
  readonly run: SyncRun;
  readonly counts: readonly SyncTypeCount[];
  /** What searches wait for or retry: the newest few. */
  readonly retrying: readonly StepRetry[];
}

/** A run after a command, and whether that has changed it. */
export interface SyncRunChange {
  readonly state: SyncRunState;
  readonly isChanged: boolean;
}

/** Enough to tell one bad type from an EHR that is down, however many steps there are. */
const shownRetries = 10;

export type SyncService = ReturnType<typeof createSyncService>;

/** Starts enhanced syncs and tells how they are; the work is the workers'. */
export function createSyncService(options: {
  readonly store: SyncStore;
  readonly producer: Producer;
  readonly connections: ConnectionService;
  readonly registry: ProviderRegistry;
  /** How long a start waits for the run's end, unless its caller says otherwise. */
  readonly defaultWaitMs?: number | undefined;
}) {
  const { store, producer, connections, registry, defaultWaitMs = shortWaitMs } = options;

  const find = async ({ provider, id, scope }: WhichRun): Promise<SyncRun> => {
    const run = await store.syncRuns.find(id);
    if (run?.provider === provider && isInScope(scope, run.connectionId)) return run;
    throw new AppError({
      code: 'unknown-run',
      message:
        'There is no such sync run. Use the id that the POST answered, or list the runs. Ended runs are deleted after a time.',
      retry: 'never',
    });
  };
  const withCounts = async (run: SyncRun): Promise<SyncRunState> => ({
    run,
    counts: await store.syncSteps.sumByType(run.id),
    retrying: isSyncActive(run.phase) ? await store.syncSteps.listRetrying({ runId: run.id, limit: shownRetries }) : [],
  });
  const checkPatients = async ({ connectionId, patients = [] }: SyncBody): Promise<void> => {
    const faults = [];
    for (const [index, resourceId] of patients.entries()) {
      const found = await store.resources.read({ connectionId, resourceType: 'Patient', resourceId });
      if (found && !found.deleted) continue;
      const message = 'is no patient that this connection has seen: a bulk export brings the patients';
      faults.push({ path: `patients.${index}`, message });
    }
    if (faults.length > 0) throw invalidRequest(faults);
  };

  return {
    /**
     * Stores the run, hands it to the workers and waits for its end, or for a moment.
     * @throws AppError `unknown-provider`, `unknown-connection`, `invalid-request`, `sync-already-running`, `unavailable`
     */
    async start(request: {
      readonly provider: string;
      readonly body: SyncBody;
      readonly scope: ConnectionScope;
      /** How long to wait for the run's end; 0: the answer comes at once. Default: the service's own limit. */
      readonly waitMs?: number | undefined;
      /** Ends the wait, not the run. */
      readonly signal?: AbortSignal;
    }): Promise<SyncRunState> {
      const { provider, body, scope, waitMs = defaultWaitMs, signal } = request;
      await connections.find({ provider, id: body.connectionId, scope });
      await checkPatients(body);
      await checkCallback({ store, ...body });
      await producer.ping().catch((cause: unknown) => {
        throw unavailable(cause);
      });
      const run = newSyncRun({ provider, body });
      const holder = await store.syncRuns.insert(run);
      if (holder !== run.id) throw syncAlreadyRunning(holder);
      // With the queue away the sweep does it within a minute: the run is stored.
      await producer.enqueue('sync.plan', { syncRunId: run.id }).catch(() => undefined);
      const ended = await waitUntil(async () => {
        const current = await find({ provider, id: run.id, scope });
        return isSyncActive(current.phase) && !signal?.aborted ? undefined : current;
      }, waitMs);
      return withCounts(ended ?? (await find({ provider, id: run.id, scope })));
    },

    get: async (which: WhichRun): Promise<SyncRunState> => withCounts(await find(which)),

    /** A connection's runs, newest first. */
    async list(options: {
      readonly provider: string;
      readonly connectionId?: string | undefined;
      readonly limit: number;
      readonly scope: ConnectionScope;
    }): Promise<SyncRun[]> {
      const { provider, connectionId, scope } = options;
      registry.get(provider);
      if (connectionId !== undefined) await connections.find({ provider, id: connectionId, scope });
      return store.syncRuns.list(options);
    },

    /** Ends a run at once: its searches stop at their next page. @throws AppError `sync-ended` */
    async cancel(which: WhichRun): Promise<SyncRunChange> {
      const { run, isChanged } = await cancelSync({ store, producer, find: () => find(which) });
      return { state: await withCounts(run), isChanged };
    },

    /** Takes up again what failed; what succeeded is not asked for again. @throws AppError `nothing-to-retry` */
    async retry(which: WhichRun): Promise<SyncRunChange> {
      const run = await find(which);
      if (isSyncActive(run.phase)) return { state: await withCounts(run), isChanged: false };
      if (run.phase !== 'partial' && run.phase !== 'failed') throw nothingToRetry(run);
      await store.syncSteps.retryFailed(run.id);
      const reopened = await store.syncRuns.reopen({ from: run, now: new Date() });
      if (!reopened) throw syncAlreadyRunning(undefined);
      await producer.enqueueAgain('sync.resume', { syncRunId: run.id }).catch(() => undefined);
      return { state: await withCounts(reopened), isChanged: true };
    },
  };
}

function nothingToRetry({ id, phase }: SyncRun): AppError {
  return new AppError({
    code: 'nothing-to-retry',
    message: 'Nothing of this run failed, or it was cancelled. Start a new one.',
    retry: 'never',
    context: { syncRunId: id, phase },
  });
}

/** HTTP 409, with the running one's id. */
export function syncAlreadyRunning(syncRunId: string | undefined): AppError {
  return new AppError({
    code: 'sync-already-running',
    message: 'A sync of this connection is running. Follow that one, or cancel it first.',
    retry: 'never',
    context: syncRunId === undefined ? {} : { syncRunId },
  });
}
