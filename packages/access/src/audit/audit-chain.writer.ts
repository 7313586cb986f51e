import { setTimeout as delay } from 'node:timers/promises';
import { type Database, isDuplicateKey } from '@bulkhead/store';
import { type ChainHead, chainEvent, noHash } from './audit-chain.ts';
import { auditCollection, sequenceIndex, toDocument } from './audit-document.ts';
import type { AuditEvent, ChainedAuditEvent } from './audit-event.record.ts';
import { auditError } from './errors.ts';

/** One insert of this size takes milliseconds. New events are collected for the next batch in the meantime. */
const maxBatch = 500;
/** Another process was faster each time. If ten processes share the positions fairly, this happens once in a billion batches. */
const maxConflicts = 200;
/** Processes that have lost the same position must not retry at the same moment. */
const maxBackoffMs = 2;
/** A process that knows the head would win every time. If other processes write too, it gives them time to read the head. */
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
 * The unique index on `sequence` decides which process gets a position. A process inserts all waiting events as one ordered batch
 * behind the newest event that it knows. If another process has taken one of these positions, the rest of the batch is linked to
 * the new head and inserted again. So the chain has no forks. It has no gaps either, because an ordered insert stops at its first
 * error, so a process that dies leaves a shorter batch. No transaction is needed.
 */
export class AuditChainWriter {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** An event that is certainly in the chain. */
  #known: ChainHead | undefined;
  /** Whether `#known` is the newest event, as far as this process knows. */
  #isHead = false;
  /** When another process last took a position that this one wanted. */
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
    let remaining = batch;
    for (let conflicts = 0; remaining.length > 0; conflicts++) {
      try {
        remaining = remaining.slice(await this.#insert(remaining));
        if (remaining.length === 0) return;
        this.#lostAt = performance.now();
        if (conflicts === maxConflicts)
          throw auditError('audit-unavailable', {
            message:
              'The audit event could not be written, because other processes wrote to the audit log at the same time. Try again.',
            retry: { afterMs: 1000 },
          });
        await delay(Math.random() * maxBackoffMs);
      } catch (error) {
        // Some of them may have been stored nevertheless.
        this.#isHead = false;
        for (const { reject } of remaining) reject(error);
        return;
      }
    }
  }

  /** @returns how many events of the batch are in the chain. Another process has taken the positions of the others. */
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
   * Reads by majority, because no event may follow one that a new primary could lose. Reads from the known event on, because not every
   * database engine can read the end of an index without scanning what is before it.
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

  /** Without the index two processes could take the same position, and no later check could tell which event was first. */
  async #checkIndex(): Promise<void> {
    const isThere = await this.#collection.indexExists(sequenceIndex).catch((error: { code?: unknown }) => {
      if (error.code !== namespaceNotFound) throw error;
      return false;
    });
    if (!isThere)
      throw auditError('audit-unavailable', {
        message: 'The audit log lacks its index. Run migrate (docs/how-to/upgrade.md), then try again.',
        retry: { afterMs: 30_000 },
      });
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

/** The error code of the server for a collection that does not exist. */
const namespaceNotFound = 26;
