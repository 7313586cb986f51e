import {
  type ConnectionScope,
  inScope,
  mongooseSchemaOf,
  recordOf,
  type StoreContext,
  wholeBatch,
  withId,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { type Schedule, type ScheduleRun, scheduleSchema } from './schedule.record.ts';

export type ScheduleChange = Partial<Pick<Schedule, 'cron' | 'timeZone' | 'spreadMs' | 'paused' | 'nextRunAt'>>;

/** A run is stored milliseconds after it was taken. If it is not stored after this time, its worker has died in between. */
const startTimeoutMs = 10_000;

const schema = mongooseSchemaOf(scheduleSchema, { collection: collections.schedules, minimize: false });
schema.index({ paused: 1, nextRunAt: 1 });
schema.index({ connectionId: 1, _id: 1 });

/** `schedules`: the record of what runs when. BullMQ only delivers the jobs. */
export class ScheduleRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('Schedule', schema);
  }

  async insert({ id, ...fields }: Schedule): Promise<void> {
    await this.#gate.admit(fields.connectionId, () => this.#model.create({ _id: id, ...fields }));
  }

  count(connectionId: string): Promise<number> {
    return this.#model.countDocuments({ connectionId });
  }

  async find(id: string): Promise<Schedule | undefined> {
    return recordOf(await this.#model.findById(id).lean());
  }

  /**
   * Lists schedules of one connection, to one vendor, or all. Without a limit all are listed.
   * @param options.after the last id of the previous page
   * @param options.sort `next`: only those that are not paused, the next run first. Default: oldest first
   */
  async list(options: {
    readonly connectionId?: string | undefined;
    readonly provider?: string | undefined;
    readonly scope: ConnectionScope;
    readonly after?: string | undefined;
    readonly limit?: number;
    readonly sort?: 'created' | 'next';
  }): Promise<Schedule[]> {
    const { connectionId, provider, scope, after, limit = 0, sort = 'created' } = options;
    const ofConnection = connectionId === undefined ? {} : { connectionId };
    const ofProvider = provider === undefined ? {} : { provider };
    const page = after === undefined ? {} : await this.#after(after, sort);
    const active = sort === 'next' ? { paused: false } : {};
    const documents = await this.#model
      .find({ $and: [ofConnection, ofProvider, page, active, inScope(scope)] })
      .sort(sort === 'next' ? { nextRunAt: 1, _id: 1 } : { _id: 1 })
      .limit(limit)
      .lean();
    return documents.map(withId);
  }

  /** Lists them in one command. */
  async listUnpaused(): Promise<Schedule[]> {
    const documents = await this.#model.find({ paused: false }).sort({ _id: 1 }).batchSize(wholeBatch).lean();
    return documents.map(withId);
  }

  /** Lists the ids of the schedules that are due, and of those with a taken run whose worker has died. */
  async listDueIds(now: Date): Promise<string[]> {
    const due = { paused: false, nextRunAt: { $lte: now } };
    const abandoned = { 'starting.at': { $lte: new Date(now.getTime() - startTimeoutMs) } };
    const documents = await this.#model.find({ $or: [due, abandoned] }, { _id: 1 }).lean();
    return documents.map(({ _id }) => _id);
  }

  /**
   * Takes the run that is due and plans the next one, in one update, so that only one process can take it.
   * @returns undefined if another process was first, or the schedule has changed
   */
  async takeRun(options: {
    readonly from: Pick<Schedule, 'id' | 'version'>;
    readonly starting: NonNullable<Schedule['starting']>;
    readonly nextRunAt: Date;
  }): Promise<Schedule | undefined> {
    const { from, starting, nextRunAt } = options;
    return recordOf(
      await this.#model
        .findOneAndUpdate(
          { _id: from.id, version: from.version, paused: false },
          { $set: { starting, nextRunAt }, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean(),
    );
  }

  /** Records the outcome of a taken run. */
  async settle(options: { readonly id: string; readonly runId: string; readonly lastRun: ScheduleRun }) {
    const { id, runId, lastRun } = options;
    await this.#model.updateOne({ _id: id, 'starting.runId': runId }, { $set: { lastRun }, $unset: { starting: 1 } });
  }

  /** Records a run that was started manually. */
  async noteRun({ id, lastRun }: { readonly id: string; readonly lastRun: ScheduleRun }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $set: { lastRun } });
  }

  /** @returns undefined if the schedule is no longer as `from` describes it */
  async change(from: Pick<Schedule, 'id' | 'version'>, change: ScheduleChange): Promise<Schedule | undefined> {
    return recordOf(
      await this.#model
        .findOneAndUpdate(
          { _id: from.id, version: from.version },
          { $set: change, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean(),
    );
  }

  async delete(id: string): Promise<boolean> {
    const result = await this.#model.deleteOne({ _id: id });
    return result.deletedCount === 1;
  }

  /** A filter for what follows a schedule in a list. */
  async #after(id: string, sort: 'created' | 'next'): Promise<object> {
    const last = sort === 'next' ? await this.#model.findById(id, { nextRunAt: 1 }).lean() : undefined;
    if (!last) return { _id: { $gt: id } };
    const { nextRunAt } = last;
    return { $or: [{ nextRunAt: { $gt: nextRunAt } }, { nextRunAt, _id: { $gt: id } }] };
  }
}
