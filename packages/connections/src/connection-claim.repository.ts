import { batchedInsert, mongooseSchemaOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `name/<name>` or `purpose/<purpose>`. */
  id: z.string(),
  connectionId: z.string(),
  takenAt: z.date(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'connection_claims' });
schema.index({ connectionId: 1 });

/** The connection is written right after its claims. If it does not have the claimed value after this time, the process has died in between. */
const writeTimeoutMs = 10_000;

/** What one connection may claim for itself. */
export interface ConnectionClaim {
  readonly kind: 'name' | 'purpose';
  readonly value: string;
  readonly connectionId: string;
}

/** `connection_claims`: names and purposes of connections, which are unique by their `_id`. See docs/decisions/0001-unique-ids-only.md. */
export class ConnectionClaimRepository {
  private readonly model;
  private readonly insert;
  private readonly connections;

  constructor(database: Database) {
    this.model = database.model('ConnectionClaim', schema);
    this.insert = batchedInsert(this.model);
    this.connections = database.collection<{ _id: string; name?: string; deletedAt?: Date }>('connections');
  }

  /** Claims a value, also if the connection that claimed it does not have it. @returns the id of the connection that has it now */
  async take(claim: ConnectionClaim): Promise<string> {
    let holder: string | undefined;
    while (holder === undefined) holder = await this.tryToTake(claim, new Date());
    return holder;
  }

  async release({ kind, value, connectionId }: ConnectionClaim): Promise<void> {
    await this.model.deleteOne({ _id: `${kind}/${value}`, connectionId });
  }

  /** Releases everything that a connection has claimed. */
  async releaseAll(connectionId: string): Promise<void> {
    await this.model.deleteMany({ connectionId });
  }

  private async isHeld({ kind, value, connectionId }: ConnectionClaim): Promise<boolean> {
    const projection = { name: 1, deletedAt: 1 };
    const connection = await this.connections.findOne({ _id: connectionId }, { projection });
    return (
      connection !== null && connection.deletedAt === undefined && (kind === 'purpose' || connection.name === value)
    );
  }

  /** @returns the id of the connection that has the value now, or undefined if another process changed the claim meanwhile */
  private async tryToTake(claim: ConnectionClaim, now: Date): Promise<string | undefined> {
    const { kind, value, connectionId } = claim;
    const _id = `${kind}/${value}`;
    if (await this.insert({ _id, connectionId, takenAt: now })) return connectionId;
    const entry = await this.model.findById(_id).lean();
    if (!entry) return undefined;
    const holder = entry.connectionId;
    const isRecent = now.getTime() - entry.takenAt.getTime() <= writeTimeoutMs;
    if (holder === connectionId || isRecent || (await this.isHeld({ ...claim, connectionId: holder }))) return holder;
    const takeover = await this.model.updateOne(
      { _id, connectionId: holder },
      { $set: { connectionId, takenAt: now } },
    );
    return takeover.matchedCount === 1 ? connectionId : undefined;
  }
}
