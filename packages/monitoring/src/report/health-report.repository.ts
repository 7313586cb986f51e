import { type Database, mongooseSchemaOf } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';
import { type CheckedData, checkedDataSchema } from './health-report.record.ts';

/** About 250 bytes each, so a document stays far below the limit of MongoDB (16 MB). */
const connectionsPerDocument = 10_000;

/** The first document has the checks, and each has a part of the connections. */
const documentSchema = checkedDataSchema.extend({
  id: z.string(),
  documents: z.int(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: collections.healthReports, minimize: false });

/** `health_reports`: what was found in the stored data at the last check. It is written each minute and read by all processes. */
export class HealthReportRepository {
  readonly #model;

  constructor(database: Database) {
    this.#model = database.model('HealthReport', schema);
  }

  async find(): Promise<CheckedData | undefined> {
    const documents = await this.#model.find().sort({ _id: 1 }).lean();
    const [first] = documents;
    if (!first) return undefined;
    const { checkedAt, checks } = first;
    return {
      checkedAt,
      checks,
      connections: documents.slice(0, first.documents).flatMap(({ connections }) => connections),
    };
  }

  async remove(): Promise<void> {
    await this.#model.deleteMany({});
  }

  /** Replaces the report in one command. */
  async save({ checkedAt, checks, connections }: CheckedData): Promise<void> {
    const documents = Math.max(Math.ceil(connections.length / connectionsPerDocument), 1);
    const parts = Array.from({ length: documents }, (_, index) => {
      const begin = index * connectionsPerDocument;
      const part = connections.slice(begin, begin + connectionsPerDocument);
      const replacement = { checkedAt, documents, checks: index === 0 ? checks : [], connections: part };
      return { replaceOne: { filter: { _id: `part-${index}` }, replacement, upsert: true } };
    });
    await this.#model.bulkWrite(parts as never[]);
  }
}
