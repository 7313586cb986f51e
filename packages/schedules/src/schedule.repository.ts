import { type ConnectionScope, inScope, mongooseFieldsOf, type Stored } from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { type Schedule, type ScheduleRun, scheduleSchema } from './schedule.record.ts';

type ScheduleDocument = Stored<typeof scheduleSchema>;

export type ScheduleChange = Partial<Pick<Schedule, 'cron' | 'timeZone' | 'spreadMs' | 'paused' | 'nextRunAt'>>;

/** From claiming a run to storing it takes milliseconds; after this long whoever did it has died in between. */
const startTimeoutMs = 10_000;

const schema = new Schema<ScheduleDocument>(mongooseFieldsOf(scheduleSchema), {
  collection: 'schedules',
  versionKey: false,
  minimize: false,
  strict: 'throw',
});
schema.index({ paused: 1, nextRunAt: 1 });
schema.index({ connectionId: 1, _id: 1 });

/** `schedules`: the truth about what runs when; BullMQ only delivers. */
export function createScheduleRepository(database: Database) {
  const model = database.model('Schedule', schema);
  return {
    async insert({ id, ...fields }: Schedule): Promise<void> {
      await model.create({ _id: id, ...fields });
    },

    async find(id: string): Promise<Schedule | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document) : undefined;
    },

    /** Oldest first, of one connection or of all; without a limit every one. */
    async list(options: {
      readonly connectionId?: string | undefined;
      readonly scope: ConnectionScope;
      readonly limit?: number;
    }): Promise<Schedule[]> {
      const { connectionId, scope, limit = 0 } = options;
      const filter = connectionId === undefined ? {} : { connectionId };
      const documents = await model
        .find({ $and: [filter, inScope(scope)] })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return documents.map(toRecord);
    },

    async listUnpaused(): Promise<Schedule[]> {
      const documents = await model.find({ paused: false }).sort({ _id: 1 }).lean();
      return documents.map(toRecord);
    },

    /** The ids of those whose time has come, and of those that somebody began to start and did not. */
    async listDueIds(now: Date): Promise<string[]> {
      const due = { paused: false, nextRunAt: { $lte: now } };
      const left = { 'starting.at': { $lte: new Date(now.getTime() - startTimeoutMs) } };
      const documents = await model.find({ $or: [due, left] }, { _id: 1 }).lean();
      return documents.map(({ _id }) => _id);
    },

    /**
     * Takes the run that is due and plans the next one, in one update: whoever comes second finds it taken.
     * @returns undefined where another process was first, or the schedule has changed.
     */
    async claim(options: {
      readonly from: Pick<Schedule, 'id' | 'version'>;
      readonly starting: NonNullable<Schedule['starting']>;
      readonly nextRunAt: Date;
    }): Promise<Schedule | undefined> {
      const { from, starting, nextRunAt } = options;
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, version: from.version, paused: false },
          { $set: { starting, nextRunAt }, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /** Notes what became of a claimed run. */
    async settle({
      id,
      runId,
      lastRun,
    }: {
      readonly id: string;
      readonly runId: string;
      readonly lastRun: ScheduleRun;
    }) {
      await model.updateOne({ _id: id, 'starting.runId': runId }, { $set: { lastRun }, $unset: { starting: 1 } });
    },

    /** Notes a run that was not due. */
    async noteRun({ id, lastRun }: { readonly id: string; readonly lastRun: ScheduleRun }): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { lastRun } });
    },

    /** @returns undefined where it is no longer as `from` describes it. */
    async change(options: {
      readonly from: Pick<Schedule, 'id' | 'version'>;
      readonly change: ScheduleChange;
    }): Promise<Schedule | undefined> {
      const { from, change } = options;
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, version: from.version },
          { $set: change, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    async delete(id: string): Promise<boolean> {
      const result = await model.deleteOne({ _id: id });
      return result.deletedCount === 1;
    },
  };
}

function toRecord({ _id, ...fields }: ScheduleDocument): Schedule {
  return { id: _id, ...fields };
}
