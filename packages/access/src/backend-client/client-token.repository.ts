import { createHash, randomBytes } from 'node:crypto';
import { present } from '@bulkhead/base';
import { collectionOf, type Database, isDuplicateKey, mongooseSchemaOf } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';

const tokenSchema = z.strictObject({
  /** SHA-256 of the token, which has 256 random bits. A stolen record opens nothing. */
  id: z.string(),
  clientId: z.string(),
  scope: z.string(),
  /** The secret by which the client got it. Absent if it proved its identity by a key. */
  secretHash: z.string().exactOptional(),
  expiresAt: z.date(),
});
export type ClientGrant = Readonly<Pick<z.output<typeof tokenSchema>, 'clientId' | 'scope' | 'secretHash'>>;

const assertionSchema = z.strictObject({
  /** SHA-256 of the client and the `jti` of its assertion. */
  id: z.string(),
  expiresAt: z.date(),
});

/**
 * For how long a used assertion is remembered, by the clock of the database. Assertions are accepted for seven minutes by the clock of an API,
 * so the clocks may differ by three quarters of an hour.
 */
const rememberedMinutes = 60;

/** SMART App Launch 2.2, "Backend Services": at most five minutes. */
export const tokenSeconds = 300;
/** Distinguishes tokens from API keys. */
const marker = 'bht_';

const tokens = mongooseSchemaOf(tokenSchema, { collection: collections.clientTokens });
tokens.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
const assertions = mongooseSchemaOf(assertionSchema, { collection: collections.usedAssertions });
assertions.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export function isClientToken(text: string): boolean {
  return text.startsWith(marker);
}

/** `client_tokens` and `used_assertions`: what backend clients were granted, and the assertions that they have used. */
export class ClientTokenRepository {
  readonly #tokens;
  readonly #assertions;

  constructor(database: Database) {
    this.#tokens = database.model('ClientToken', tokens);
    this.#assertions = database.model('UsedAssertion', assertions);
  }

  /** @returns the token itself, which cannot be read again */
  async issue({ now, ...grant }: ClientGrant & { readonly now: Date }): Promise<string> {
    const token = marker + randomBytes(32).toString('base64url');
    const expiresAt = new Date(now.getTime() + tokenSeconds * 1000);
    await this.#tokens.create({ _id: hash([token]), ...grant, expiresAt });
    return token;
  }

  /** Checks the end itself, because the TTL index removes tokens only about once a minute. */
  async find({ token, now }: { readonly token: string; readonly now: Date }): Promise<ClientGrant | undefined> {
    const document = await this.#tokens.findById(hash([token])).lean();
    if (!document || document.expiresAt <= now) return undefined;
    const { clientId, scope, secretHash } = document;
    return { clientId, scope, ...present({ secretHash }) };
  }

  /** @returns false if the client has used the assertion before */
  async useAssertion({ clientId, jti }: { readonly clientId: string; readonly jti: string }): Promise<boolean> {
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'minute', amount: rememberedMinutes } };
    const remember = [{ $set: { expiresAt: { $ifNull: ['$expiresAt', until] } } }];
    try {
      const { upsertedCount } = await collectionOf(this.#assertions).updateOne(
        { _id: hash([clientId, jti]) },
        remember,
        { upsert: true },
      );
      return upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
