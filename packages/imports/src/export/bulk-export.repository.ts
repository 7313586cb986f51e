import { present } from '@bulkhead/base';
import type { SentKickOff } from '@bulkhead/fhir';
import {
  batchedFind,
  batchedInsert,
  createKeptOutTexts,
  findIds,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
  UniqueKeys,
} from '@bulkhead/store';
import { z } from 'zod';
import { byTime, lastEvents, phaseEvent, RunQueries } from '../runs/index.ts';
import {
  type BulkExport,
  bulkExportSchema,
  type ExportEvent,
  type ExportWarning,
  exportEventSchema,
  type NewExportEvent,
  urlsAtServer,
} from './bulk-export.record.ts';
import {
  type BulkExportPhase,
  type ExportPhaseBefore,
  isTerminal,
  type Resumption,
  timelineEntry,
} from './bulk-export-phase.ts';
import { collections } from './collections.ts';
import { exportError, warningsFrom } from './errors.ts';
import { reopenSlices } from './patients/slice.ts';

export const bulkExportDocumentSchema = bulkExportSchema.extend({
  /** See `listEvents`. Other reads leave them out. */
  events: z.array(exportEventSchema).exactOptional(),
  fileEvents: z.array(exportEventSchema).exactOptional(),
  active: z.boolean(),
  /** Equal for requests for the same data. See `insert`. */
  requestKey: z.string(),
  lease: z.strictObject({ owner: z.string(), until: z.date() }).exactOptional(),
});
type BulkExportDocument = Stored<typeof bulkExportDocumentSchema>;

export type BulkExportChange = Partial<
  Omit<BulkExport, 'id' | 'phase' | 'timeline' | 'version' | 'connectionId' | 'createdAt' | 'warnings' | 'orphans'>
>;

const schema = mongooseSchemaOf(bulkExportDocumentSchema, { collection: collections.bulkExports, minimize: false });
for (const name of ['events', 'fileEvents']) schema.path(name).select(false);
schema.index({ active: 1, _id: 1 });
schema.index({ connectionId: 1, _id: -1 });
schema.index({ discard: 1, _id: 1 });
schema.index({ notify: 1, _id: 1 });
schema.index({ orphans: 1 }, { sparse: true });
schema.index({ completedAt: 1, phase: 1 });
// Lists by status.
schema.index({ phase: 1, _id: -1 });
// `listNewestEnded` reads only this index.
schema.index({ phase: 1, connectionId: 1, scheduleId: 1, _id: 1, createdAt: 1 });

/** In these phases the EHR has not answered the kick-off. */
const beforeKickOff: readonly BulkExportPhase[] = ['queued', 'kicking-off'];

/** `bulk_exports`: the state of every export. */
export class BulkExportRepository extends RunQueries<BulkExportDocument, BulkExport, BulkExportPhase> {
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;
  readonly #insertDocument;
  readonly #findDocument;
  readonly #running;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    const model = database.model('BulkExport', schema);
    super({ model, toRecord, endPhases: ['completed', 'failed'], failedPhases: ['failed'], unlisted: ['slices'] });
    this.#gate = gate;
    const place = { database, collection: collections.bulkExports };
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: bulkExportDocumentSchema });
    this.#model = model;
    this.#insertDocument = batchedInsert(model);
    this.#findDocument = batchedFind<BulkExportDocument>(model);
    this.#running = new UniqueKeys({
      database,
      collection: collections.runningExports,
      isNeeded: async (id) => (await model.findById(id, { active: 1 }).lean())?.active,
    });
  }

  /**
   * Adds an export. Adding the same export a second time changes nothing.
   * @throws AppError `export-already-running`, with the id of the running export in `context.exportId`
   */
  async insert(options: {
    readonly record: BulkExport;
    readonly requestKey: string;
    /** Who has started it. */
    readonly by?: string | undefined;
  }): Promise<void> {
    const { record, requestKey, by } = options;
    const { id, connectionId, createdAt, ...fields } = record;
    const events = [{ at: createdAt, ...phaseEvent({ phase: record.phase, by }) }];
    const active = !isTerminal(record.phase);
    await this.#gate.admit(connectionId, async () => {
      await this.#takeRequest({ id, connectionId, requestKey, now: createdAt });
      await this.#insertDocument({
        _id: id,
        connectionId,
        createdAt,
        requestKey,
        ...fields,
        ...present({ startedBy: by }),
        active,
        events,
      });
    });
  }

  /** Frees the request of an export whose record was deleted. */
  releaseRequest(options: { readonly id: string; readonly connectionId: string; readonly requestKey: string }) {
    return this.#running.release({ key: `${options.connectionId}/${options.requestKey}`, holder: options.id });
  }

  listIds(connectionId: string): Promise<string[]> {
    return findIds(this.#model, { connectionId });
  }

  async find(id: string): Promise<BulkExport | undefined> {
    return toRecord(await this.#findDocument(id));
  }

  /** Reads those of the exports whose kick-off has been answered, by id. */
  async findKickedOff(ids: readonly string[]): Promise<ReadonlyMap<string, BulkExport>> {
    // An `$or` over indexed fields would make some engines read all ended exports.
    const found = await this.#model.find({ _id: { $in: ids }, phase: { $nin: beforeKickOff } }).lean();
    return new Map(found.map((document) => [document._id, toRecord(document) as BulkExport]));
  }

  /** The last export of the connection before this one whose manifest was read. Ids have the order of creation. */
  async findPrevious({ id, connectionId }: Pick<BulkExport, 'id' | 'connectionId'>): Promise<BulkExport | undefined> {
    const before = { connectionId, _id: { $lt: id }, transactionTime: { $exists: true } };
    return toRecord((await this.#model.findOne(before).sort({ _id: -1 }).lean()) ?? undefined);
  }

  /** The last earlier export of the connection, requested at `since` or later, that has found that the EHR's clock went back. */
  async findClockGoneBack(
    { id, connectionId }: Pick<BulkExport, 'id' | 'connectionId'>,
    since: Date,
  ): Promise<BulkExport | undefined> {
    const earlier = { connectionId, _id: { $lt: id }, createdAt: { $gte: since }, foundClockBack: true };
    return toRecord((await this.#model.findOne(earlier).sort({ _id: -1 }).lean()) ?? undefined);
  }

  /** What the EHR has answered to earlier kick-offs of a connection that were equal but for `_since`. */
  async kickOffHistory(options: {
    readonly record: Pick<BulkExport, 'id' | 'connectionId'>;
    readonly level: string;
    readonly sent: SentKickOff;
    /** It takes so many 404 in a row for "no changes". */
    readonly maxAssumed: number;
  }): Promise<{ readonly isAccepted: boolean; readonly isDoubtful: boolean }> {
    const { record, level, sent, maxAssumed } = options;
    const { method, types, typeFilters } = sent;
    const equal = { 'sent.method': method, 'sent.types': { $eq: types }, 'sent.typeFilters': { $eq: typeFilters } };
    const answered = { $or: [{ statusUrl: { $exists: true } }, { noChanges: { $exists: true } }] };
    const earlier = { connectionId: record.connectionId, level, _id: { $lt: record.id }, ...equal, ...answered };
    const last = await this.#model
      .find(earlier as object, { noChanges: 1 })
      .sort({ _id: -1 })
      .limit(maxAssumed)
      .lean();
    const isDoubtful = last.length === maxAssumed && last.every(({ noChanges }) => noChanges === 'assumed');
    return { isAccepted: last.length > 0, isDoubtful };
  }

  /** Whether the manifest of another export of the connection was read. */
  async hasEarlier({ id, connectionId }: Pick<BulkExport, 'id' | 'connectionId'>): Promise<boolean> {
    return (await this.#model.exists({ connectionId, _id: { $ne: id }, transactionTime: { $exists: true } })) !== null;
  }

  /**
   * Moves an export to its next phase if it is still as `from` describes it.
   * @returns the new record, or undefined if another process changed the export first
   */
  async transition<To extends BulkExportPhase>(options: {
    readonly from: Pick<BulkExport, 'id' | 'version'> & { readonly phase: ExportPhaseBefore<To> };
    readonly to: To;
    readonly change?: BulkExportChange;
    readonly unset?: readonly (keyof BulkExportChange)[];
    /** Warnings that the export may have already. */
    readonly warnings?: readonly ExportWarning[];
    /** Who has asked for it. */
    readonly by?: string | undefined;
  }): Promise<(BulkExport & { readonly phase: To }) | undefined> {
    const { from, to, change = {}, unset = [], warnings = [], by } = options;
    const ended = isTerminal(to) ? { notify: 'due' } : {};
    const set = { ...change, ...ended, phase: to, active: !isTerminal(to) };
    const document = await this.#model
      .findOneAndUpdate(
        { _id: from.id, phase: from.phase, version: from.version },
        {
          $set: set,
          $unset: toUnset(unset),
          $inc: { version: 1 },
          $push: {
            timeline: timelineEntry(to),
            events: lastEvents<NewExportEvent>(
              phaseEvent({ phase: to, by, error: change.error }),
              ...warnings.map(warningEvent),
            ),
          },
          $addToSet: { warnings: { $each: [...warnings] } },
        },
        { returnDocument: 'after' },
      )
      .lean();
    return document ? { ...toRecord(document), phase: to } : undefined;
  }

  /**
   * Resumes an ended export, if it is still in this version and no equal export is running.
   * @param options.prepare called before the export changes, unless an equal one is running
   * @throws AppError `export-already-running`
   */
  async reopen(options: {
    readonly record: Pick<BulkExport, 'id' | 'connectionId' | 'version' | 'slices'>;
    readonly resumption: Resumption;
    readonly now: Date;
    readonly by?: string | undefined;
    readonly prepare?: (() => Promise<unknown>) | undefined;
  }): Promise<BulkExport | undefined> {
    const { record, resumption, now, by, prepare } = options;
    const { id, connectionId, version } = record;
    const { from: phase, to } = resumption;
    const document = await this.#model
      .findOne({ _id: id, phase, version }, { requestKey: 1, statusUrl: 1, madeGroup: 1 })
      .lean();
    if (!document) return undefined;
    await this.#takeRequest({ id, connectionId, requestKey: document.requestKey, now });
    await prepare?.();
    const isKickedOffAgain = to === 'queued';
    const slices = isKickedOffAgain ? reopenSlices(record) : {};
    return toRecord(
      await this.#model
        .findOneAndUpdate(
          { _id: id, phase, version },
          {
            $set: { phase: to, active: true, pollErrors: 0, retriedAt: now, ...slices },
            $inc: { version: 1 },
            $push: { timeline: timelineEntry(to), events: lastEvents(phaseEvent({ phase: to, by })) },
            // The server may still have the old export, and some servers allow only one at a time.
            ...(isKickedOffAgain ? toOrphans(document) : {}),
            $unset: toUnset([...fieldsOfTheEnd, ...(isKickedOffAgain ? fieldsOfTheKickOff : [])]),
            // What is not repeated keeps its warnings: the request, what the EHR has refused of it, and files that are stored.
            $pull: { warnings: { code: { $in: warningsFrom(to === 'downloading' ? 'end' : 'manifest') } } },
          },
          { returnDocument: 'after' },
        )
        .lean(),
    );
  }

  /**
   * Stores the slices of an export, unless another attempt has planned them meanwhile. An erasure of one of their patients waits for this write, and
   * then for the export.
   * @returns those that are stored
   */
  planSlices(
    { id, connectionId }: Pick<BulkExport, 'id' | 'connectionId'>,
    plan: () => Promise<NonNullable<BulkExport['slices']>>,
  ): Promise<Required<Pick<BulkExport, 'slices' | 'slice'>>> {
    return this.#gate.admit(connectionId, async () => {
      const planned = { slices: await plan(), slice: 0 };
      const unplanned = { _id: id, phase: 'kicking-off', slices: { $exists: false } } as object;
      await this.#model.updateOne(unplanned, { $set: planned });
      const { slices = planned.slices, slice = planned.slice } = (await this.find(id)) ?? {};
      return { slices, slice };
    });
  }

  /**
   * Ends a slice of an export and queues the next one. The export of the ended one is deleted at the server.
   * @returns false if another process changed the export first
   */
  async queueSlice(options: {
    readonly from: Pick<BulkExport, 'id' | 'version' | 'statusUrl' | 'madeGroup'>;
    readonly change: Pick<BulkExport, 'slices' | 'slice' | 'slicedAt' | 'counts'>;
  }): Promise<boolean> {
    const { id: _id, version } = options.from;
    const { matchedCount } = await this.#model.updateOne(
      { _id, phase: 'finalizing', version },
      {
        $set: { ...options.change, phase: 'queued' },
        $inc: { version: 1 },
        $unset: toUnset([...fieldsOfTheWait, ...fieldsOfTheKickOff]),
        $push: { timeline: timelineEntry('queued'), events: lastEvents(phaseEvent({ phase: 'queued' })) },
        ...toOrphans(options.from),
      },
    );
    return matchedCount === 1;
  }

  /** When the EHR accepted the last kick-off of a Group of a connection. */
  async lastGroupKickOff(connectionId: string): Promise<Date | undefined> {
    const filter = { connectionId, isOfGroup: true, lastKickedOffAt: { $exists: true } };
    // A retry can kick off an older export later than a newer one.
    const fields = { lastKickedOffAt: 1 };
    const [last] = await this.#model.find(filter, fields).sort({ lastKickedOffAt: -1 }).limit(1).lean();
    return last?.lastKickedOffAt;
  }

  /**
   * The last completed export of everything before this one, at the same level and of the same cohort, that requested a type.
   * @param options.infersDeletions whether it must be one after which deletions can be inferred
   */
  async findLastFull(options: EarlierExport & { readonly infersDeletions?: boolean }): Promise<BulkExport | undefined> {
    const filter = {
      ...earlierFull(options),
      ...(options.infersDeletions ? { ...undoubted, infersDeletions: true } : {}),
    };
    return toRecord(await this.#model.findOne(filter).sort({ _id: -1 }).lean());
  }

  /** The last completed export of a cohort before this one that has a full slice with one of the patients. */
  async findLastSliced({
    record,
    patients,
  }: Omit<EarlierExport, 'resourceType'> & { readonly patients: readonly string[] }) {
    const slices = { $elemMatch: { shown: { $exists: true }, patients: { $in: patients } } };
    const filter = { ...earlierFull({ record }), ...undoubted, slices };
    return toRecord(await this.#model.findOne(filter).sort({ _id: -1 }).lean());
  }

  /** The last completed exports of a connection, newest first. */
  async listCompleted(options: { readonly connectionId: string; readonly limit: number }): Promise<BulkExport[]> {
    const { connectionId, limit } = options;
    const documents = await this.#model
      .find({ connectionId, phase: 'completed' })
      .sort({ _id: -1 })
      .limit(limit)
      .lean();
    return documents.flatMap((document) => toRecord(document) ?? []);
  }

  /** How long the EHR took for the last completed exports of the same kind, up to five. Undefined if there is none. */
  async earlierExports({ connectionId, request }: Pick<BulkExport, 'connectionId' | 'request'>) {
    const ended = await this.#model
      .find(
        { connectionId, phase: 'completed', 'request.since': { $exists: request.since !== undefined } },
        { kickedOffAt: 1, readyAt: 1 },
      )
      .sort({ _id: -1 })
      .limit(5)
      .lean();
    const took = ended.flatMap(({ kickedOffAt, readyAt }) =>
      kickedOffAt && readyAt ? [readyAt.getTime() - kickedOffAt.getTime()] : [],
    );
    return took.length === 0 ? undefined : { runs: took.length, shortestMs: Math.min(...took) };
  }

  /** Lists the ended exports that must still be deleted at the server, and all exports that have an orphan there. */
  async listDiscardable(connectionId?: string): Promise<BulkExport[]> {
    const ofConnection = connectionId === undefined ? {} : { connectionId };
    // Two queries, each by its index. With `$or`, some engines read all exports. An orphan is the URL of its status.
    const [due, withOrphans] = await Promise.all([
      this.#model.find({ ...ofConnection, discard: 'due', active: false }).lean(),
      this.#model.find({ ...ofConnection, orphans: { $gt: '' } }).lean(),
    ]);
    const found = new Map([...due, ...withOrphans].map((document) => [document._id, toRecord(document)]));
    return [...found.values()];
  }

  /** Records that an orphaned export was deleted at the server. */
  async removeOrphan({ id, statusUrl }: { readonly id: string; readonly statusUrl: string }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $pull: { orphans: statusUrl } });
  }

  /** Records an export at the server that is not used. It is deleted there in any case, however this export ends. */
  async addOrphan({ id, statusUrl }: { readonly id: string; readonly statusUrl: string }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $addToSet: { orphans: statusUrl } });
  }

  async markDiscarded(id: string): Promise<void> {
    await this.#model.updateOne({ _id: id, discard: 'due' }, { $set: { discard: 'done' } });
  }

  /** Removes the patients who are kept out from the texts of an export that has ended, after its deletion at the EHR. */
  forgetKeptOut({ id: _id, connectionId }: Pick<BulkExport, 'id' | 'connectionId'>): Promise<void> {
    return this.#keptOutTexts.forget(connectionId, { _id, active: false, discard: { $ne: 'due' } });
  }

  /** Writes progress without a transition if the export is still in `phase`. */
  async update(options: {
    readonly id: string;
    readonly phase: BulkExportPhase;
    readonly change?: BulkExportChange;
    readonly unset?: readonly (keyof BulkExportChange)[];
    readonly event?: NewExportEvent | undefined;
  }): Promise<boolean> {
    const { id, phase, change = {}, unset = [], event } = options;
    const push = event === undefined ? {} : { $push: { events: lastEvents(event) } };
    const result = await this.#model.updateOne({ _id: id, phase }, { $set: change, $unset: toUnset(unset), ...push });
    return result.matchedCount === 1;
  }

  /** Adds a warning, unless the export already has one with the same code and text. */
  async warn({ id, ...warning }: ExportWarning & { readonly id: string }) {
    const { code, message } = warning;
    await this.#model.updateOne(
      { _id: id, warnings: { $not: { $elemMatch: { code, message } } } },
      { $push: { warnings: warning, events: lastEvents(warningEvent(warning)) } },
    );
  }

  /** Notes that an attempt to download a file failed. */
  async noteFileEvent({ id, event }: { readonly id: string; readonly event: NewExportEvent }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $push: { fileEvents: lastEvents(event) } });
  }

  /** Lists what happened to an export, oldest first: the last `maxEvents` of the export and of its files. */
  async listEvents(id: string): Promise<ExportEvent[]> {
    const document = await this.#model.findById(id, { events: 1, fileEvents: 1 }).lean();
    const { events = [], fileEvents = [] } = document ?? {};
    return byTime([...events, ...fileEvents]);
  }

  /** @throws AppError `export-already-running`, with the id of the running export in `context.exportId` */
  async #takeRequest(options: {
    readonly id: string;
    readonly connectionId: string;
    readonly requestKey: string;
    readonly now: Date;
  }) {
    const { id: exportId, connectionId, requestKey, now } = options;
    const key = `${connectionId}/${requestKey}`;
    const holder = await this.#running.take({ key, holder: exportId, connectionId, now });
    if (holder !== exportId) throw exportError('export-already-running', { context: { exportId: holder } });
  }
}

/** The completed exports of everything at a level, of a cohort or of all patients. */
export function lastFull({ level, cohort }: { readonly level: string; readonly cohort: string | undefined }) {
  // `null` also matches exports without a cohort.
  return { phase: 'completed', level, 'request.cohort': cohort ?? null, lackedTypes: { $exists: true } };
}

interface EarlierExport {
  readonly record: Pick<BulkExport, 'id' | 'connectionId' | 'level' | 'request'>;
  readonly resourceType: string;
}

/** Exports whose times can be compared. */
const undoubted = { clockWentBack: { $ne: true }, foundClockBack: { $ne: true } };

/** The exports of everything, or of everything of a type, before this one, at the same level and of the same cohort. */
function earlierFull({ record, resourceType }: Partial<EarlierExport> & Pick<EarlierExport, 'record'>): object {
  const { id, connectionId, level = '', request } = record;
  const ofType = [{ 'request.resourceTypes': { $size: 0 } }, { 'request.resourceTypes': resourceType }];
  return {
    connectionId,
    ...lastFull({ level, cohort: request.cohort }),
    _id: { $lt: id },
    ...(resourceType === undefined ? {} : { $or: ofType }),
  };
}

function warningEvent(warning: ExportWarning) {
  return { kind: 'warning' as const, ...warning };
}

function toRecord(document: BulkExportDocument): BulkExport;
function toRecord(document: BulkExportDocument | null | undefined): BulkExport | undefined;
function toRecord(document: BulkExportDocument | null | undefined): BulkExport | undefined {
  if (!document) return undefined;
  const { _id, active: _a, requestKey: _k, lease: _l, events: _e, fileEvents: _f, ...fields } = document;
  return { id: _id, ...fields };
}

/** What a retry, or the next slice of an export, must not have of the kick-off before. */
const fieldsOfTheWait = ['notBefore', 'plannedAt', 'pollReason', 'retrying'];
const fieldsOfTheEnd = [
  ...fieldsOfTheWait,
  'error',
  'completedAt',
  'discard',
  'watermarkDecisions',
  'isPartial',
  'lackedTypes',
];
const fieldsOfTheKickOff = [
  'statusUrl',
  'madeGroup',
  'noChanges',
  'kickedOffAt',
  'kickOffSentAt',
  'unansweredKickOffs',
  'readyAt',
  'progress',
  'progressedAt',
  'transactionTime',
  'clockWentBack',
  'requiresAccessToken',
  'manifestGaps',
  'manifestFiles',
];

/** What was made at the server for a kick-off that is over. */
function toOrphans(record: Parameters<typeof urlsAtServer>[0]) {
  const urls = urlsAtServer(record);
  return urls.length === 0 ? {} : { $addToSet: { orphans: { $each: urls } } };
}

/** The change that removes fields of a record. */
function toUnset(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map((field) => [field, 1]));
}
