import { type AppError, invalidRequest, keepForKey, throwUnavailable, waitUntil } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { ConnectionService } from '@bulkhead/connections/commands';
import { checkProvider, type ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import { type ConnectionScope, isInScope, type Page, type ProviderReference, readPage } from '@bulkhead/store';
import { checkCallback, type WebhookAddresses } from '@bulkhead/webhooks/commands';
import { type RequestPause, type RunCommand, usualKeptMs } from '../../runs/run-view.ts';
import { cancelSync } from '../cancel-sync.ts';
import { syncError } from '../errors.ts';
import { planSyncJob, resumeSyncJob } from '../jobs.ts';
import { newSyncRun } from '../start/new-sync-run.ts';
import type { SyncBody, SyncListQuery } from '../start/sync.schema.ts';
import type { SyncStore } from '../sync.feature.ts';
import type { SyncEvent } from '../sync-event.record.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { isSyncActive, phasesOfSync } from '../sync-run-phase.ts';
import type { StepRetry, SyncTypeCount } from '../sync-step.record.ts';
import { rateWindowMs, type SyncState } from './sync-activity.ts';

/** Many proxies time out after a minute, so the response comes before that, with the URL of the run. */
const shortWaitMs = 30_000;

/** A run with its counts by type, and why its searches wait or are retried. */
export interface SyncRunState extends SyncState {
  /** The newest reasons why searches wait or are retried. */
  readonly retrying: readonly StepRetry[];
}

/** A run after a command, and whether the command has changed it. */
export interface SyncRunChange {
  readonly state: SyncRunState;
  readonly isChanged: boolean;
}

/** Enough to distinguish one bad type from an EHR that is down, however many steps there are. */
const shownRetries = 10;

/**
 * A run in which a page was read within this time is not shown as waiting. Most pages take less. A page that was on its way when the
 * EHR asked for a pause arrives after it, so it must not hide the pause for longer than this.
 */
const movingMs = 10_000;

/** A twentieth of the database's time is spent on those who look, at most. */
const keptFactor = 20;
/** A shorter sum costs less than a write that keeps it. */
const keptFromMs = 50;

/** Starts and reads enhanced syncs for the API. The workers do the work. */
export class SyncService {
  readonly #options;
  readonly #readUsual;

  constructor(options: {
    readonly store: SyncStore & Pick<ConnectionStore, 'connections'> & Pick<ResourceStore, 'resources'>;
    readonly producer: Producer;
    readonly connections: ConnectionService;
    readonly registry: ProviderRegistry;
    readonly addresses: WebhookAddresses;
    /** Reads whether the EHR of a connection has asked for a pause. */
    readonly readPause: (connectionId: string) => Promise<RequestPause | undefined>;
  }) {
    this.#options = options;
    const { store } = options;
    this.#readUsual = keepForKey(usualKeptMs, (connectionId) => store.syncRuns.usualMs(connectionId));
  }

  /**
   * Stores the run, enqueues its plan and waits for its end, up to a limit.
   * @throws AppError `unknown-provider`, `unknown-connection`, `invalid-request`, `sync-already-running`, `unavailable`
   */
  async start(request: {
    readonly provider: string;
    readonly body: SyncBody;
    readonly scope: ConnectionScope;
    /** How long to wait for the end of the run. 0 returns at once. Default: `shortWaitMs`. */
    readonly waitMs?: number | undefined;
    /** Who has asked for it: the name of an API key. */
    readonly by?: string | undefined;
    /** Aborts the wait, but not the run. */
    readonly signal?: AbortSignal;
  }): Promise<SyncRunState> {
    const { body, scope, waitMs = shortWaitMs, by, signal } = request;
    const { provider } = await this.#options.connections.find({
      provider: request.provider,
      id: body.connectionId,
      scope,
    });
    this.#checkTypes(provider, body);
    await this.#checkPatients(body);
    await checkCallback({ store: this.#options.store, addresses: this.#options.addresses, ...body });
    await this.#options.producer.checkWritable().catch(throwUnavailable);
    const run = newSyncRun({ provider, body });
    const holder = await this.#options.store.syncRuns.insert(run, by);
    if (holder !== run.id) throw syncAlreadyRunning(holder);
    // The run is stored. If the queue is unavailable, the sweep enqueues it within a minute.
    await this.#options.producer.enqueue(planSyncJob, { syncRunId: run.id }).catch(() => undefined);
    const ended = await waitUntil(async () => {
      const current = await this.#find({ provider, id: run.id, scope });
      return isSyncActive(current) && !signal?.aborted ? undefined : current;
    }, waitMs);
    return this.#withCounts(ended ?? (await this.#find({ provider, id: run.id, scope })));
  }

  /** Lists what happened to a run, oldest first. @throws AppError `unknown-run` */
  async listEvents(reference: ProviderReference): Promise<SyncEvent[]> {
    const { id } = await this.#find(reference);
    return this.#options.store.syncRuns.listEvents(id);
  }

  async get(reference: ProviderReference): Promise<SyncRunState> {
    return this.#withCounts(await this.#find(reference));
  }

  /** Reads one page of runs, newest first. @throws AppError `unknown-connection` */
  async list(options: {
    readonly provider: string;
    readonly query: SyncListQuery;
    readonly scope: ConnectionScope;
  }): Promise<Page<SyncRunState>> {
    const { query, scope } = options;
    const { connectionId, status } = query;
    const provider = checkProvider(this.#options.registry, options.provider);
    if (connectionId !== undefined) await this.#options.connections.find({ id: connectionId, scope });
    const phases = status && phasesOfSync(status);
    const { items, next } = await readPage(query, {
      ids: /^sync_/,
      read: (page) => this.#options.store.syncRuns.list({ provider, connectionId, phases, scope, ...page }),
    });
    // A connection has one active run. The counts of ended runs are in their records.
    const states = items.map((run) => (isSyncActive(run) ? this.#withCounts(run) : { run, counts: [], retrying: [] }));
    return { items: await Promise.all(states), next };
  }

  /** Cancels a run at once. Its searches stop at their next page. @throws AppError `sync-ended` */
  async cancel({ by, ...reference }: RunCommand): Promise<SyncRunChange> {
    const { run, isChanged } = await cancelSync({
      store: this.#options.store,
      producer: this.#options.producer,
      find: () => this.#find(reference),
      by,
    });
    return { state: await this.#withCounts(run), isChanged };
  }

  /** Resumes the failed searches. The others are not repeated. @throws AppError `nothing-to-retry` */
  async retry({ by, ...reference }: RunCommand): Promise<SyncRunChange> {
    const run = await this.#find(reference);
    if (isSyncActive(run)) return { state: await this.#withCounts(run), isChanged: false };
    if (run.phase !== 'partial' && run.phase !== 'failed')
      throw syncError('nothing-to-retry', { context: { syncRunId: run.id, phase: run.phase } });
    // Before the run changes, because a running run whose steps are settled ends.
    const prepare = () => this.#options.store.syncSteps.retryFailed(run.id);
    const reopened = await this.#options.store.syncRuns.reopen({ from: run, now: new Date(), by, prepare });
    if (typeof reopened !== 'object') throw syncAlreadyRunning(reopened);
    await this.#options.producer.enqueueAgain(resumeSyncJob, { syncRunId: run.id }).catch(() => undefined);
    return { state: await this.#withCounts(reopened), isChanged: true };
  }

  async #find({ provider, id, scope }: ProviderReference): Promise<SyncRun> {
    checkProvider(this.#options.registry, provider);
    const run = await this.#options.store.syncRuns.find(id);
    // An id is unique, so a request that names another provider still means this run.
    if (run && isInScope(scope, run.connectionId)) return run;
    throw syncError('unknown-run');
  }

  async #withCounts(run: SyncRun): Promise<SyncRunState> {
    const counts = await this.#countsOf(run);
    if (!isSyncActive(run)) return { run, counts, retrying: [] };
    const { id: runId } = run;
    const retrying = await this.#options.store.syncSteps.listRetrying({ runId, limit: shownRetries });
    const now = new Date();
    const since = new Date(now.getTime() - rateWindowMs);
    const [newest] = retrying;
    const movingSince = new Date(Math.max(newest?.since.getTime() ?? 0, now.getTime() - movingMs));
    const isMoving = newest && (await this.#options.store.syncSteps.hasProgress({ runId, since: movingSince }));
    const context = {
      usualMs: await this.#readUsual(run.connectionId),
      recentlyDone: await this.#options.store.syncSteps.countDoneSince({ runId, since }),
      now,
      waiting: isMoving ? undefined : newest,
      // Redis may be unavailable.
      pause: await this.#options.readPause(run.connectionId).catch(() => undefined),
    };
    return { run, counts, retrying, context };
  }

  /** The sums over the steps of a run. However many look, adding up takes at most a part of the time that `keptFactor` allows. */
  async #countsOf({ id, version, counted }: SyncRun): Promise<readonly SyncTypeCount[]> {
    const now = new Date();
    const ageMs = counted && Math.abs(now.getTime() - counted.at.getTime());
    const isRecent = counted !== undefined && ageMs !== undefined && ageMs < keptFactor * counted.tookMs;
    if (isRecent || (counted && !(await this.#options.store.syncRuns.takeCount({ id, counted }, now))))
      return counted.types;
    const startedMs = performance.now();
    const types = await this.#options.store.syncSteps.sumByType(id);
    const tookMs = Math.round(performance.now() - startedMs);
    if (tookMs >= keptFromMs)
      await this.#options.store.syncRuns.keepCount({ id, version, counted: { at: now, tookMs, types } });
    return types;
  }

  async #checkPatients({ connectionId, patients = [] }: SyncBody): Promise<void> {
    const faults = [];
    for (const [index, resourceId] of patients.entries()) {
      const patient = await this.#options.store.resources.read({ connectionId, resourceType: 'Patient', resourceId });
      if (patient && !patient.deleted) continue;
      const message = 'is not a stored patient of this connection. Run a bulk export to import the patients';
      faults.push({ path: `patients.${index}`, message });
    }
    if (faults.length > 0) throw invalidRequest(faults);
  }

  /** A run that names some types that cannot be searched leaves them out. If nothing else is requested, it would do nothing. */
  #checkTypes(provider: string, body: SyncBody): void {
    const { includeStandard, includeOthers, includeAppointments, includeReferences, resourceTypes } = body;
    const { notByPatient = {} } = this.#options.registry.get(provider).search ?? {};
    if (
      includeStandard ||
      includeOthers ||
      includeAppointments ||
      includeReferences ||
      !resourceTypes?.every((type) => Object.hasOwn(notByPatient, type))
    )
      return;
    throw invalidRequest(resourceTypes.map((type) => ({ path: 'resourceTypes', message: notByPatient[type] ?? type })));
  }
}

/** The error of HTTP 409, with the id of the running sync. */
export function syncAlreadyRunning(syncRunId: string | undefined): AppError {
  return syncError('sync-already-running', { context: syncRunId === undefined ? {} : { syncRunId } });
}
