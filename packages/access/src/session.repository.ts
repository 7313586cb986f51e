import { createHash, randomBytes } from 'node:crypto';
import { type Database, mongooseSchemaOf, type Stored } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import { type Person, personSchema } from './person/person.record.ts';

/** A user who is logged in with a browser. */
const documentSchema = z.strictObject({
  /** SHA-256 of the session's id, which has 256 random bits. A stolen record opens no session. */
  id: z.string(),
  /** The API key that the user logged in with, or the id of a person. The session may do what the key may do, and ends with it. */
  keyId: z.string(),
  /** Absent if the user logged in with a key. */
  person: personSchema.exactOptional(),
  createdAt: z.date(),
  lastSeenAt: z.date(),
  /** The latest end. Without activity the session ends sooner. */
  expiresAt: z.date(),
});
type Session = Omit<Stored<typeof documentSchema>, '_id'>;
/** A session with the hash of its id, by which it can be ended but not used. */
export type ListedSession = Session & { readonly hash: string };

/** NIST SP 800-63B 4.2.3: log in again after 30 minutes without activity. A workstation on a ward may be left unlocked. */
const idleMs = 30 * 60_000;
/** One shift. NIST SP 800-63B 4.2.3 allows at most 12 hours. */
const lifetimeMs = 8 * 60 * 60_000;
/** A page that sends a request every second must not cause a write every second. A minute is short compared with `idleMs`. */
const seenNotedEveryMs = 60_000;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.sessions });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** `sessions`: users who are logged in with a browser. */
export class SessionRepository {
  readonly #model;

  constructor(database: Database) {
    this.#model = database.model('Session', schema);
  }

  /** @returns the session's id, which is new for every login */
  async create(options: { readonly keyId: string; readonly person?: Person; readonly now: Date }): Promise<string> {
    const { now, ...user } = options;
    const id = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now.getTime() + lifetimeMs);
    await this.#model.create({ _id: hash(id), ...user, createdAt: now, lastSeenAt: now, expiresAt });
    return id;
  }

  /** Checks the end itself, because the TTL index removes sessions only about once a minute, and some database engines lack it. */
  async find({ id, now }: { readonly id: string; readonly now: Date }): Promise<Session | undefined> {
    const document = await this.#model.findById(hash(id)).lean();
    if (!document || document.expiresAt <= now) return undefined;
    if (document.lastSeenAt.getTime() + idleMs <= now.getTime()) return undefined;
    const { _id, ...session } = document;
    return session;
  }

  /** The sessions that have not ended, the newest first. */
  async list(now: Date): Promise<ListedSession[]> {
    const isOpen = { expiresAt: { $gt: now }, lastSeenAt: { $gt: new Date(now.getTime() - idleMs) } };
    const documents = await this.#model.find(isOpen).sort({ createdAt: -1, _id: 1 }).lean();
    return documents.map(({ _id: hashOfId, ...session }) => ({ ...session, hash: hashOfId }));
  }

  /** Writes at most once a minute. */
  async noteSeen({ id, lastSeenAt, now }: { readonly id: string; readonly lastSeenAt: Date; readonly now: Date }) {
    if (lastSeenAt.getTime() + seenNotedEveryMs > now.getTime()) return;
    await this.#model.updateOne({ _id: hash(id), lastSeenAt: { $lt: now } }, { $set: { lastSeenAt: now } });
  }

  async delete(id: string): Promise<void> {
    await this.#model.deleteOne({ _id: hash(id) });
  }

  /** @returns whether there was such a session */
  async deleteByHash(hashOfId: string): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: hashOfId })).deletedCount > 0;
  }

  async deleteByKey(keyId: string): Promise<void> {
    await this.#model.deleteMany({ keyId });
  }
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
