import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import { isDuplicateKey } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { type ChainHead, chainEvent, noHash } from './audit-chain.ts';
import { auditCollection, placeIndex, toDocument } from './audit-document.ts';
import type { AuditEvent, ChainedAuditEvent } from './audit-event.record.ts';

/** One insert of these takes milliseconds, and the next batch collects meanwhile. */
const maxBatch = 500;
/** Another process has won each time. If ten share the places fairly, so many losses in a row come once in a billion batches. */
const maxConflicts = 200;
/** Processes that have lost the same place must not ask again in step. */
const maxBackoffMs = 2;
/** A process that knows the head would win again and again. If others write too, it leaves them the time to read the head. */
const restMs = 4;
const contendedMs = 10_000;

interface Waiting {
  readonly event: AuditEvent;
  readonly resolve: (event: ChainedAuditEvent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends events to the one chain that all processes write.
 *
 * The unique index on `sequence` decides which process gets a place. A process inserts what has been waiting as one ordered batch
 * behind the newest event that it knows. If another process has taken one of these places, the rest of the batch is linked to the
 * new head and inserted again. So there are no forks, and, as an ordered insert stops at its first error, no gaps: a process that
 * dies leaves a shorter batch. It needs no transaction.
 */
export class AuditChainWriter {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** An event that is in the chain for certain. */
  #known: ChainHead | undefined;
  /** Whether it is the newest, as far as this process can tell. */
  #isHead = false;
  /** When another process last took a place that this one wanted. */
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns the event as it is stored, once the database has acknowledged it. */
  append(event: AuditEvent): Promise<ChainedAuditEvent> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      await this.#writeBatch(this.#waiting.splice(0, maxBatch));
      const isContended = performance.now() - this.#lostAt < contendedMs;
      if (isContended) await delay(restMs * (0.5 + Math.random()));
    }
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    let rest = batch;
    for (let conflicts = 0; rest.length > 0; conflicts++) {
      try {
        rest = rest.slice(await this.#insert(rest));
        if (rest.length === 0) return;
        this.#lostAt = performance.now();
        if (conflicts === maxConflicts) throw tooManyConflicts();
        await delay(Math.random() * maxBackoffMs);
      } catch (error) {
        // Some of them may be stored all the same.
        this.#isHead = false;
        for (const { reject } of rest) reject(error);
        return;
      }
    }
  }

  /** @returns how many of the batch are in the chain: the others were too late for their places. */
  async #insert(batch: readonly Waiting[]): Promise<number> {
    const head = this.#isHead && this.#known ? this.#known : await this.#readHead();
    const linked = linkAll({ events: batch.map(({ event }) => event), head });
    const stored = await this.#insertOrdered(linked);
    this.#known = linked[stored - 1] ?? head;
    this.#isHead = stored === linked.length;
    for (const [index, { resolve }] of batch.slice(0, stored).entries()) resolve(linked[index] as ChainedAuditEvent);
    return stored;
  }

  async #insertOrdered(events: readonly ChainedAuditEvent[]): Promise<number> {
    try {
      await this.#collection.insertMany(events.map(toDocument), { ordered: true });
      return events.length;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return (error as { insertedCount?: number }).insertedCount ?? 0;
    }
  }

  /**
   * By majority: an event that a new primary could lose must not be followed by another. From the known event on, as not every engine
   * reads the end of an index without what is before it.
   */
  async #readHead(): Promise<ChainHead> {
    if (!this.#known) await this.#checkIndex();
    const { sequence: from = 0 } = this.#known ?? {};
    const newest = await this.#collection.findOne(
      { sequence: { $gt: from } },
      { sort: { sequence: -1 }, readConcern: 'majority' },
    );
    if (newest) return { sequence: newest.sequence ?? 0, hash: newest.hash ?? '', expiresAt: newest.expiresAt };
    if (this.#known) return this.#known;
    const last = await this.#collection.findOne({}, { sort: { expiresAt: -1 }, projection: { expiresAt: 1 } });
    return { sequence: 0, hash: noHash, expiresAt: last?.expiresAt };
  }

  /** Without it two processes would take the same place, and no later check could tell which event was first. */
  async #checkIndex(): Promise<void> {
    const isThere = await this.#collection.indexExists(placeIndex).catch((error: { code?: unknown }) => {
      if (error.code !== namespaceNotFound) throw error;
      return false;
    });
    if (!isThere) throw indexMissing();
  }

  get #collection() {
    return auditCollection(this.#database);
  }
}

function linkAll(options: { readonly events: readonly AuditEvent[]; readonly head: ChainHead }): ChainedAuditEvent[] {
  let { head } = options;
  return options.events.map((event) => {
    const linked = chainEvent(event, head);
    head = linked;
    return linked;
  });
}

/** What a server answers for a collection that it does not have. */
const namespaceNotFound = 26;

function indexMissing(): AppError {
  return new AppError({
    code: 'audit-unavailable',
    message: 'The audit log lacks the index of its chain. Run migrate (docs/how-to/upgrade.md), then try again.',
    retry: { afterMs: 30_000 },
  });
}

function tooManyConflicts(): AppError {
  return new AppError({
    code: 'audit-unavailable',
    message: 'Other processes have taken every place of the audit log that this process tried to write to.',
    retry: { afterMs: 1000 },
  });
}
