import { randomBytes } from 'node:crypto';
import type { Database } from '@bulkhead/store';
import { AuditChainWriter } from './audit-chain.writer.ts';
import {
  type AuditFilter,
  auditCollection,
  auditIndexSchema,
  idAt,
  sequenceIndex,
  toAuditQuery,
  toEvent,
} from './audit-document.ts';
import type { AuditEvent, ChainedAuditEvent, NewAuditEvent } from './audit-event.record.ts';
import { type ChainCheck, type ChainPosition, type ChainReport, checkChain } from './check-chain.ts';

const dayMs = 24 * 60 * 60_000;

/** An event of a page with many patients has about 20 kB, so a batch has at most some megabytes. */
const batchSize = 200;

/** `audit_events`: events are written once and never changed. Only the database deletes them, when they expire. */
export class AuditEventRepository {
  readonly #database;
  readonly #keptDays;
  readonly #onAppended;
  readonly #writer;

  constructor(options: {
    readonly database: Database;
    readonly keptDays: number;
    /** Called with each event after it was stored. */
    readonly onAppended?: ((event: ChainedAuditEvent) => void) | undefined;
  }) {
    const { database, keptDays, onAppended = () => undefined } = options;
    this.#database = database;
    this.#keptDays = keptDays;
    this.#onAppended = onAppended;
    database.model('AuditEvent', auditIndexSchema);
    this.#writer = new AuditChainWriter(database);
  }

  /** Resolves when the database has acknowledged the event. */
  async append(event: NewAuditEvent, at = new Date()): Promise<void> {
    const id = idAt(at) + randomBytes(10).toString('hex');
    const expiresAt = new Date(at.getTime() + this.#keptDays * dayMs);
    this.#onAppended(await this.#writer.append({ id, at, ...wellFormed(event), expiresAt }));
  }

  /** Newest first. */
  async list({ filter, limit }: { readonly filter: AuditFilter; readonly limit: number }): Promise<AuditEvent[]> {
    const { condition, index } = toAuditQuery(filter);
    const cursor = auditCollection(this.#database).find(condition).sort({ _id: -1 }).hint(index).limit(limit);
    return (await cursor.toArray()).map(toEvent);
  }

  /** Reads all events of a filter, newest first. Memory use does not grow with their number. */
  async *read(filter: AuditFilter): AsyncGenerator<AuditEvent> {
    const { condition, index } = toAuditQuery(filter);
    const cursor = auditCollection(this.#database).find(condition).sort({ _id: -1 }).hint(index).batchSize(batchSize);
    for await (const document of cursor) yield toEvent(document);
  }

  /** @returns the number of events, at most `limit`, or undefined if no index can count them */
  async count({
    filter,
    limit,
  }: {
    readonly filter: AuditFilter;
    readonly limit: number;
  }): Promise<number | undefined> {
    const { condition, index, isCovered } = toAuditQuery(filter);
    return isCovered ? auditCollection(this.#database).countDocuments(condition, { hint: index, limit }) : undefined;
  }

  /** The newest event of the chain. Undefined if there is none. */
  async head(): Promise<ChainPosition | undefined> {
    const newest = await auditCollection(this.#database).findOne(
      { sequence: { $exists: true } },
      { sort: { sequence: -1 }, hint: sequenceIndex, readConcern: 'majority' },
    );
    return newest ? { sequence: newest.sequence ?? 0, hash: newest.hash ?? '' } : undefined;
  }

  /** Reads the chain from its beginning, or from an event that was checked before. Memory use does not grow with the chain. */
  verify(check: ChainCheck): Promise<ChainReport> {
    return checkChain({ database: this.#database, ...check });
  }
}

/** The database would replace a lone surrogate, and the hash would no longer match the stored event. */
function wellFormed<Value>(value: Value): Value {
  if (typeof value === 'string') return value.toWellFormed() as Value;
  if (Array.isArray(value)) return value.map(wellFormed) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, wellFormed(member)]),
  ) as Value;
}
