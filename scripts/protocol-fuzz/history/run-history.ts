import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type BulkExport, isTerminal, type OutputFile } from '@bulkhead/imports/export';
import { isSyncActive } from '@bulkhead/imports/sync';
import { ExportCopy } from '../../copies/follow-exports.ts';
import { ApiError } from '../../system/api-client.ts';
import {
  againIfUnavailable,
  type Finding,
  openPractice,
  type Practice,
  silentIfAny,
  start,
  untilEnded,
} from '../practice.ts';
import { goodPlan } from '../server/export-plan.ts';
import { goodSearchPlan, isSearched } from '../server/search-plan.ts';
import type { CurrentVersion } from '../server/world.ts';
import type { FuzzedSystem, Slot } from '../start-fuzzed-system.ts';
import { compareCopy, compareDocuments, compareStored, findOlder, readStored } from './compare-store.ts';
import { findTraces, hasOneOf } from './find-traces.ts';
import type { History, HistoryEvent, HistoryStep, WorkerStop } from './history.arbitrary.ts';
import { keyOf, LiveEhr, type ResourceName } from './live-ehr.ts';

/** With a page for each resource, a search for the fillers would cost hundreds of requests. */
const fillerPageSize = 100;
/** Workers that other rounds stop can end an export, which says so. */
const poisonCode = 'poison-job';
const maxTries = 5;
/** A worker that was stopped can store something between an export and the comparison. The next export has it. */
const maxReads = 3;
const rightClock = { offsetMs: 0, rate: 1 };

/**
 * Runs the history of an EHR with its exports, syncs and erasures. Then everything works correctly, and a full export
 * and two exports with `since: "last"` must make the store equal to the EHR, and a copy that is kept by exports of the
 * store equal to the store. Then the connection is purged, and nothing of it and of the patients who are kept out may be stored.
 */
export async function runHistory(system: FuzzedSystem, slot: Slot, plan: History): Promise<Finding[]> {
  const round = new HistoryRound({ system, slot, plan });
  return round.run();
}

class HistoryRound {
  readonly #system: FuzzedSystem;
  readonly #slot: Slot;
  readonly #plan: History;
  readonly #ehr: LiveEhr;
  readonly #patients: readonly ResourceName[];
  readonly #names: readonly ResourceName[];
  /** All but the fillers. */
  readonly #changing: readonly ResourceName[];
  readonly #keptOut = new Set<string>();
  readonly #findings: Finding[] = [];
  readonly #erasures: string[] = [];
  readonly #stops: Promise<void>[] = [];
  /** Syncs continue from what is stored, so they prove nothing once the EHR went back in time. */
  #isTimeRight = true;

  constructor(options: { readonly system: FuzzedSystem; readonly slot: Slot; readonly plan: History }) {
    const { system, slot, plan } = options;
    this.#system = system;
    this.#slot = slot;
    this.#plan = plan;
    this.#ehr = new LiveEhr({ now: system.now, localHours: plan.localHours });
    // Ids that are in the database only because of this round.
    const tag = randomUUID().slice(0, 13);
    this.#patients = Array.from({ length: plan.patients }, (_, index) => ({
      type: 'Patient',
      id: `${tag}-p${index}`,
      patientId: undefined,
    }));
    const types = [...plan.resources, ...Array.from({ length: plan.fillers }, () => 'Observation')];
    const resources = types.map((type, index) => ({
      type,
      id: `r${index}`,
      patientId: this.#patients[index % plan.patients]?.id,
    }));
    this.#names = [...this.#patients, ...resources];
    this.#changing = this.#names.slice(0, plan.patients + plan.resources.length);
  }

  async run(): Promise<Finding[]> {
    const { deletions, search, fillers, steps, purge } = this.#plan;
    this.#slot.server.enter(this.#ehr);
    const practice = await openPractice(this.#system, this.#slot);
    const pageSize = fillers > 0 ? fillerPageSize : search.pageSize;
    this.#slot.server.follow({
      period: 1,
      export: { ...goodPlan, deletions },
      search: { ...goodSearchPlan, ...search, pageSize },
    });
    for (const name of this.#names) this.#ehr.write(name);
    const { baseUrl, apiKey } = this.#system;
    const { provider } = this.#slot;
    const copy = new ExportCopy({ baseUrl, apiKey, provider, connectionId: practice.connectionId });
    for (const step of steps) {
      await this.#runStep(practice, step);
      await againIfUnavailable(() => copy.read());
    }
    this.#ehr.setClock(rightClock);
    await this.#untilErased();
    for (const since of [undefined, 'last', 'last'] as const) await this.#healthyExport(practice, since);
    await this.#verifyStore(practice);
    await this.#verifyCopy(practice, copy);
    await this.#purge(practice, purge);
    return this.#findings;
  }

  async #runStep(practice: Practice, step: HistoryStep): Promise<void> {
    const { clock, backup, events, run, erasure, stop, betweenPages } = step;
    this.#ehr.setClock(clock);
    if (clock.offsetMs !== 0) this.#isTimeRight = false;
    if (backup === 'take') this.#ehr.takeBackup();
    if (backup === 'restore' && this.#ehr.restore()) this.#isTimeRight = false;
    for (const event of events) this.#change(event);
    if (erasure && !erasure.isAfterRun) await this.#erase(practice, erasure);
    // A change by a clock that is behind is noticed only by an export at that time.
    if (clock.offsetMs < 0) await this.#export(practice, 'last', stop);
    else if (run === 'sync') await this.#sync(practice, betweenPages, stop);
    else if (run === 'cancelled') await this.#cancelledExport(practice, stop);
    else if (run !== 'none') await this.#export(practice, run === 'full' ? undefined : 'last', stop);
    if (erasure?.isAfterRun) await this.#erase(practice, erasure);
  }

  #change(event: HistoryEvent, names: readonly ResourceName[] = this.#changing): void {
    const name = names[event.resource % names.length];
    if (name && event.kind === 'delete') this.#ehr.delete(name);
    else if (name) this.#ehr.write(this.#changed(name, event));
  }

  #changed({ type, id, ...first }: ResourceName, event: HistoryEvent): ResourceName {
    // An earlier correction stays.
    const { patientId, replacedId } = this.#ehr.rows.find((row) => keyOf(row) === keyOf({ type, id })) ?? first;
    if (event.kind !== 'correct') return { type, id, patientId, replacedId };
    const other = this.#patients[event.to % this.#patients.length]?.id;
    if (type !== 'Patient') return { type, id, patientId: other };
    return { type, id, patientId: undefined, replacedId: other === id ? replacedId : other };
  }

  #stop(stop: WorkerStop | undefined): void {
    if (stop) this.#stops.push(this.#system.stopper.stop({ ...stop, until: () => delay(stop.forMs) }));
  }

  async #export(practice: Practice, since: 'last' | undefined, stop?: WorkerStop): Promise<BulkExport> {
    const id = await this.#start(practice, since);
    this.#stop(stop);
    const record = await untilEnded(
      () => this.#system.store.bulkExports.find(id),
      ({ phase }) => isTerminal(phase),
    );
    const { phase, error } = record;
    const isExpected = phase === 'completed' || error?.code === poisonCode;
    if (!isExpected) this.#find('stuck', `an export ended as ${phase}: ${error?.message}`);
    return record;
  }

  async #healthyExport(practice: Practice, since: 'last' | undefined): Promise<void> {
    for (let tries = 0; tries < maxTries; tries++) {
      const { phase, isPartial, watermarkDecisions = [] } = await this.#export(practice, since);
      // All resources of a type may have been deleted at the EHR.
      const types = new Set(this.#ehr.rows.map(({ type }) => type));
      const isDoubt = watermarkDecisions.every(({ resourceType, reasons }) =>
        reasons.every((reason) => reason === 'type-missing' && !types.has(resourceType)),
      );
      if (isPartial && !isDoubt) this.#find('stuck', 'an export is partial although everything works');
      if (phase === 'completed') return;
    }
    this.#find('stuck', 'no export is completed although everything works');
  }

  #start(practice: Practice, since: 'last' | undefined): Promise<string> {
    const body = { exportType: 'Patient', ...(since === undefined ? {} : { since }) };
    return start(practice, { path: 'bulk-export', body });
  }

  /** Cancels an export while a worker writes, which may be stopped. */
  async #cancelledExport(practice: Practice, stop: WorkerStop | undefined): Promise<void> {
    const id = await this.#beginExport(practice);
    this.#stop(stop);
    await practice.call('DELETE', `/api/ehr/${practice.slot.provider}/bulk-export/${id}`).catch(ignore('export-ended'));
  }

  /** Changes every resource, starts an export, and waits until a worker reads a file of it. */
  async #beginExport(practice: Practice): Promise<string> {
    this.#ehr.writeAll();
    const id = await this.#start(practice, undefined);
    const { bulkExports, outputFiles } = this.#system.store;
    await untilEnded(
      async () => ({ record: await bulkExports.find(id), files: await outputFiles.listByExport(id) }),
      ({ record, files }) => record === undefined || isTerminal(record.phase) || files.some(isBeingStored),
      5,
    );
    return id;
  }

  async #sync(practice: Practice, betweenPages: readonly HistoryEvent[], stop?: WorkerStop): Promise<void> {
    const { resources, syncRuns } = this.#system.store;
    const { connectionId } = practice;
    const patientIds = await resources.listIds({ connectionId, resourceType: 'Patient' });
    if (patientIds.length === 0) return;
    if (betweenPages.length > 0) this.#ehr.writeAll();
    const before = this.#ehr.rows
      .filter(isSearched)
      .filter(({ id, patientId }) => patientIds.includes(patientId ?? id));
    // Without a total, a deletion that moves the pages cannot be noticed.
    const isNoticed = ({ kind }: HistoryEvent) => kind === 'write' || this.#plan.search.total === 'right';
    this.#ehr.changeBetweenPages(
      betweenPages.filter(isNoticed).map((event) => (matches) => this.#change(event, matches)),
    );
    const id = await start(practice, { path: 'enhanced-sync', body: { includeEnhanced: false } });
    this.#stop(stop);
    const { phase } = await untilEnded(
      () => syncRuns.find(id),
      (run) => !isSyncActive(run),
    );
    this.#ehr.changeBetweenPages([]);
    if (isSyncActive({ phase })) return this.#find('stuck', 'a sync has not ended');
    if (phase === 'completed') await this.#verifySync(connectionId, before);
  }

  async #verifySync(connectionId: string, before: readonly CurrentVersion[]): Promise<void> {
    const wasErased = this.#erasures.length > 0;
    if (!this.#isTimeRight || wasErased) return;
    const alive = new Set(this.#ehr.rows.map(({ id }) => id));
    const stored = await readStored(this.#system.database, connectionId);
    const older = findOlder(
      stored,
      before.filter(({ id }) => alive.has(id)),
    );
    this.#findings.push(...silentIfAny('a completed sync lacks', older));
  }

  async #erase(practice: Practice, erasure: NonNullable<HistoryStep['erasure']>): Promise<void> {
    const { id: patientId = '' } = this.#patients[erasure.patient % this.#patients.length] ?? {};
    const keepsOut = erasure.keepsOut || this.#keptOut.has(patientId);
    const path = `/api/ehr/connections/${practice.connectionId}/patients/${patientId}?keepOut=${keepsOut}`;
    const { id } = await practice.call<{ id: string }>('DELETE', path);
    this.#erasures.push(id);
    if (keepsOut) this.#keptOut.add(patientId);
  }

  async #untilErased(): Promise<void> {
    for (const id of this.#erasures) {
      const { phase } = await untilEnded(
        () => this.#system.store.erasures.find(id),
        (erasure) => erasure.phase === 'completed',
      );
      if (phase !== 'completed') this.#find('stuck', `an erasure has not ended: ${phase}`);
    }
  }

  async #verifyStore({ connectionId }: Practice): Promise<void> {
    const isOfKeptOut = ({ id, patientId }: CurrentVersion) => this.#keptOut.has(patientId ?? id);
    const { database } = this.#system;
    const stored = await readStored(database, connectionId);
    const differences = compareStored({
      stored,
      expected: this.#ehr.rows.filter((row) => !isOfKeptOut(row)),
      unknown: this.#ehr.lost,
    });
    this.#findings.push(...silentIfAny('in the end', differences));
    const ofDocuments = await compareDocuments({ database, connectionId, stored });
    this.#findings.push(...silentIfAny('the documents of', ofDocuments));
    // A patient who has replaced one who is kept out names the other one, and stays.
    const naming = this.#ehr.rows.filter(({ replacedId = '' }) => this.#keptOut.has(replacedId));
    await this.#verifyErased([...this.#keptOut], new Set(naming.map((row) => `Patient/${connectionId}/${row.id}`)));
  }

  /** A program that reads one export of the store after the other has what is stored, and nothing that was erased. */
  async #verifyCopy({ connectionId }: Practice, copy: ExportCopy): Promise<void> {
    let differences: string[] = [];
    for (let reads = 0; reads < maxReads; reads++) {
      await againIfUnavailable(() => copy.read());
      differences = compareCopy(copy.resources, await readStored(this.#system.database, connectionId));
      if (differences.length === 0) return;
    }
    this.#findings.push(...silentIfAny('in a copy by exports of the store', differences));
  }

  async #purge(practice: Practice, { isDuringExport, stop }: History['purge']): Promise<void> {
    const { connectionId, call } = practice;
    // Both workers write.
    this.#slot.server.follow({ period: 1, export: { ...goodPlan, files: { ...goodPlan.files, perType: 3 } } });
    if (isDuringExport) await this.#beginExport(practice);
    const purged = Promise.withResolvers<string>();
    if (stop)
      this.#stops.push(
        this.#system.stopper.stop({ ...stop, until: async () => this.#untilWaiting(await purged.promise) }),
      );
    const { id } = await call<{ id: string }>('DELETE', `/api/ehr/connections/${connectionId}?data=purge`);
    purged.resolve(id);
    this.#erasures.push(id);
    await this.#untilErased();
    // A worker that continues now must not store anything again.
    await Promise.all(this.#stops);
    await this.#system.untilWorkersRun();
    await this.#verifyErased([connectionId, ...this.#patients.map(({ id: patientId }) => patientId)]);
  }

  /** Waits until an erasure is completed, or waits for one process only. */
  async #untilWaiting(id: string): Promise<void> {
    await untilEnded(
      () => this.#system.store.erasures.find(id),
      ({ phase, waitsFor = [] }) => phase === 'completed' || (phase === 'running' && waitsFor.length === 1),
    );
  }

  async #verifyErased(texts: readonly string[], except: ReadonlySet<string> = new Set()): Promise<void> {
    if (texts.length === 0) return;
    for (const text of texts) this.#system.erased.add(text);
    const found = await findTraces(this.#system.database, hasOneOf(texts));
    const traces = found.filter((trace) => !except.has(trace));
    if (traces.length > 0) this.#find('erased', `erased, but still stored: ${traces.slice(0, 20).join(', ')}`);
  }

  #find(kind: Finding['kind'], text: string): void {
    this.#findings.push({ kind, text });
  }
}

/** Most resources are Observations. Without any, the export ends. */
function isBeingStored({ type, state }: OutputFile): boolean {
  return type === 'Observation' && state !== 'pending';
}

function ignore(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ApiError) || error.code !== code) throw error;
  };
}
