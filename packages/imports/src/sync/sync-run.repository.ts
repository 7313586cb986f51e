import { present } from '@bulkhead/base';
import {
  createKeptOutTexts,
  findIds,
  isDuplicateKey,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
  UniqueKeys,
} from '@bulkhead/store';
import { z } from 'zod';
import { byTime, lastEvents, phaseEvent, RunQueries } from '../runs/index.ts';
import { collections } from './collections.ts';
import { type NewSearchEvent, type SyncEvent, syncEventSchema } from './sync-event.record.ts';
import { type RefusedType, type SyncRun, stepsMissing, syncRunSchema } from './sync-run.record.ts';
import { isSyncActive, type SyncPhaseBefore, type SyncRunPhase } from './sync-run-phase.ts';

export const syncRunDocumentSchema = syncRunSchema.extend({
  /** See `listEvents`. Other reads leave them out. */
  events: z.array(syncEventSchema).exactOptional(),
  searchEvents: z.array(syncEventSchema).exactOptional(),
  active: z.boolean(),
});
type SyncRunDocument = Stored<typeof syncRunDocumentSchema>;

export type SyncRunChange = Partial<
  Pick<
    SyncRun,
    'types' | 'skipped' | 'patientCount' | 'stepCount' | 'totals' | 'warnings' | 'error' | 'startedAt' | 'completedAt'
  >
>;

const schema = mongooseSchemaOf(syncRunDocumentSchema, { collection: collections.syncRuns, minimize: false });
for (const name of ['events', 'searchEvents']) schema.path(name).select(false);
schema.index({ active: 1, _id: 1 });
schema.index({ connectionId: 1, _id: -1 });
schema.index({ notify: 1, _id: 1 });
schema.index({ completedAt: 1, phase: 1 });
// Lists by status.
schema.index({ phase: 1, _id: -1 });
// `listNewestEnded` reads only this index.
schema.index({ phase: 1, connectionId: 1, scheduleId: 1, _id: 1, createdAt: 1 });

/** `sync_runs`: the state of every enhanced sync. */
export class SyncRunRepository extends RunQueries<SyncRunDocument, SyncRun, SyncRunPhase> {
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;
  readonly #running;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    const model = database.model('SyncRun', schema);
    super({
      model,
      toRecord,
      endPhases: ['completed', 'partial', 'failed'],
      failedPhases: ['failed', 'partial'],
    });
    this.#gate = gate;
    const place = { database, collection: collections.syncRuns };
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: syncRunDocumentSchema });
    this.#model = model;
    this.#running = new UniqueKeys({
      database,
      collection: collections.runningSyncs,
      isNeeded: async (id) => (await model.findById(id, { active: 1 }).lean())?.active,
    });
  }

  /**
   * Adds a run, unless another run of the connection is active. Adding the same run a second time changes nothing.
   * @returns the id of the connection's active run: that of `run` if it was added
   * @param by who has started it
   */
  insert(run: SyncRun, by?: string): Promise<string> {
    return this.#gate.admit(run.connectionId, () => this.#insertRun(run, by));
  }

  async find(id: string): Promise<SyncRun | undefined> {
    const document = await this.#model.findById(id).lean();
    return document ? toRecord(document) : undefined;
  }

  /** Removes the patients who are kept out from the texts of a run that has ended. */
  forgetKeptOut({ id: _id, connectionId }: Pick<SyncRun, 'id' | 'connectionId'>): Promise<void> {
    return this.#keptOutTexts.forget(connectionId, { _id, active: false });
  }

  listIds(connectionId: string): Promise<string[]> {
    return findIds(this.#model, { connectionId });
  }

  /** Moves a run to its next phase if it is still as `from` describes it. @returns undefined if another process changed it first */
  async transition<To extends SyncRunPhase>(options: {
    readonly from: Pick<SyncRun, 'id' | 'version'> & { readonly phase: SyncPhaseBefore<To> };
    readonly to: To;
    readonly change?: SyncRunChange;
    /** Who has asked for it. */
    readonly by?: string | undefined;
  }): Promise<SyncRun | undefined> {
    const { from, to, change = {}, by } = options;
    const document = await this.#model
      .findOneAndUpdate(
        { _id: from.id, phase: from.phase, version: from.version },
        {
          $set: {
            ...change,
            phase: to,
            ...(isSyncActive({ phase: to }) ? { active: true } : { active: false, notify: 'due' }),
          },
          // The sums of a run that has ended are those of its end.
          $unset: { counted: 1 },
          $inc: { version: 1 },
          $push: { events: lastEvents(phaseEvent({ phase: to, by, error: change.error })) },
        },
        { returnDocument: 'after' },
      )
      .lean();
    return document ? toRecord(document) : undefined;
  }

  /** Records further steps, or that there are no more. @returns undefined if another process changed the run first */
  async extend(
    { id, version }: Pick<SyncRun, 'id' | 'version'>,
    change: Partial<
      Pick<SyncRun, 'types' | 'skipped' | 'stepCount' | 'referenceMarks' | 'referenceRounds' | 'referencesDone'>
    >,
  ): Promise<SyncRun | undefined> {
    const document = await this.#model
      .findOneAndUpdate(
        { _id: id, phase: 'running', version },
        { $set: change, $unset: { counted: 1 }, $inc: { version: 1 } },
        { returnDocument: 'after' },
      )
      .lean();
    return document ? toRecord(document) : undefined;
  }

  /**
   * Resumes an ended run, for its failed searches.
   * @param options.prepare called before the run changes, unless another run is active
   * @returns the id of the other run of the connection that is active, if there is one. Undefined if the run has changed meanwhile
   */
  async reopen(options: {
    readonly from: SyncRun;
    readonly now: Date;
    readonly by?: string | undefined;
    readonly prepare?: () => Promise<unknown>;
  }): Promise<SyncRun | string | undefined> {
    const { from, now, by, prepare } = options;
    const { id, connectionId, phase, version } = from;
    const holder = await this.#takeTurn({ id, connectionId, now });
    if (holder !== id) return holder;
    await prepare?.();
    const isUnplanned = from.patientCount === undefined || from.error?.code === stepsMissing;
    const to: SyncRunPhase = isUnplanned ? 'queued' : 'running';
    const document = await this.#model
      .findOneAndUpdate(
        { _id: id, phase, version },
        {
          // All of them are about the end that this retry undoes. The next end writes its own.
          $set: { phase: to, active: true, retriedAt: now, warnings: [] },
          $unset: { error: 1, completedAt: 1, refusedTypes: 1, referencesDone: 1, referenceMarks: 1, counted: 1 },
          $inc: { version: 1 },
          $push: { events: lastEvents(phaseEvent({ phase: to, by })) },
        },
        { returnDocument: 'after' },
      )
      .lean();
    return document ? toRecord(document) : undefined;
  }

  /** Notes that a search waits or has failed. Searches of one type with the same code share an event. */
  async noteSearchEvent({ id, event }: { readonly id: string; readonly event: NewSearchEvent }): Promise<void> {
    const { kind, resourceType, code } = event;
    const same = { $elemMatch: { kind, resourceType, code } };
    const count = async () => {
      const change = { $inc: { 'searchEvents.$.count': 1 }, $set: { 'searchEvents.$.lastAt': new Date() } };
      return (await this.#model.updateOne({ _id: id, searchEvents: same }, change)).matchedCount > 0;
    };
    if (await count()) return;
    const first = { $push: { searchEvents: lastEvents({ ...event, count: 1 }) } };
    const { matchedCount } = await this.#model.updateOne({ _id: id, searchEvents: { $not: same } }, first);
    // Another process has added the first event in between.
    if (matchedCount === 0) await count();
  }

  /** Lets one of the processes that look at a run add up its steps. @returns false if another one does, or has just done it */
  async takeCount({ id, counted }: Required<Pick<SyncRun, 'id' | 'counted'>>, now: Date): Promise<boolean> {
    const change = { $set: { 'counted.at': now } };
    return (await this.#model.updateOne({ _id: id, 'counted.at': counted.at }, change)).matchedCount === 1;
  }

  /** Keeps the sums, unless the run has changed its phase since they were added up. */
  async keepCount({ id, version, counted }: Required<Pick<SyncRun, 'id' | 'version' | 'counted'>>): Promise<void> {
    await this.#model.updateOne({ _id: id, version }, { $set: { counted } });
  }

  /** Notes that the other searches of a type are not to be sent, once for each type. */
  async noteRefusedType(id: string, refused: RefusedType): Promise<void> {
    const isNew = { 'refusedTypes.resourceType': { $ne: refused.resourceType } };
    await this.#model.updateOne({ _id: id, ...isNew }, { $push: { refusedTypes: refused } });
  }

  /** Lists what happened to a run, oldest first: the last `maxEvents` of the run and of its searches. */
  async listEvents(id: string): Promise<SyncEvent[]> {
    const document = await this.#model.findById(id, { events: 1, searchEvents: 1 }).lean();
    const { events = [], searchEvents = [] } = document ?? {};
    return byTime([...events, ...searchEvents]);
  }

  #takeTurn({ id, connectionId, now }: { id: string; connectionId: string; now: Date }) {
    return this.#running.take({ key: connectionId, holder: id, connectionId, now });
  }

  async #insertRun(run: SyncRun, by?: string): Promise<string> {
    const { id, ...fields } = run;
    const holder = await this.#takeTurn({ id, connectionId: fields.connectionId, now: fields.createdAt });
    if (holder !== id) return holder;
    try {
      const events = [{ at: run.createdAt, ...phaseEvent({ phase: run.phase, by }) }];
      await this.#model.create({
        _id: id,
        ...fields,
        ...present({ startedBy: by }),
        active: isSyncActive(run),
        events,
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return id;
  }
}

function toRecord({ _id, active: _active, ...fields }: SyncRunDocument): SyncRun {
  return { id: _id, ...fields };
}
