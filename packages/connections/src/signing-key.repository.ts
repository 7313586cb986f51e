import type { Immutable } from '@bulkhead/base';
import { type AssertionAlgorithm, assertionAlgorithms, type SigningKey } from '@bulkhead/ehr/providers';
import {
  createEncryptedField,
  isDuplicateKey,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';

/** A key that signs client assertions, without its private half. */
export const signingKeySchema = z.strictObject({
  kid: z.string().describe('The id of the key in the published key set.'),
  alg: z.enum(assertionAlgorithms).describe('The algorithm of the signatures.'),
  publicJwk: z.record(z.string(), z.unknown()),
  createdAt: z.date().describe('When the key was created or imported, and published.'),
  activatedAt: z
    .date()
    .exactOptional()
    .describe(
      'When an operator confirmed that every EHR has the key. Absent if no operator has confirmed it. Then the key signs after an hour.',
    ),
  retiredAt: z.date().exactOptional().describe('When the key stopped signing. Absent if it did not.'),
});
export type SigningKeyRecord = Immutable<z.output<typeof signingKeySchema>>;

/** The id of a stored key is its `kid`. */
const documentSchema = signingKeySchema.omit({ kid: true }).extend({ id: z.string(), encryptedPrivateJwk: z.string() });

const schema = mongooseSchemaOf(documentSchema, { collection: collections.signingKeys });

/**
 * Servers must not cache our JWKS longer than its `max-age` of 5 minutes (SMART App Launch 2.2, "Registering a Client"). One hour is
 * twelve times that, because some proxies and servers cache for an hour anyway.
 */
const publishedMs = 60 * 60_000;

/** `signing_keys`: the keys that sign the deployment's client assertions. Private halves are encrypted. */
export class SigningKeyRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #model;
  readonly #privateJwks;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('SigningKey', schema);
    this.#privateJwks = createEncryptedField({
      database,
      secretBox,
      collection: collections.signingKeys,
      field: 'encryptedPrivateJwk',
      ownerOf: (kid) => `${kid}/signing-key`,
    });
    this.encryptedFields = [this.#privateJwks];
  }

  /** @returns false if the key exists already */
  async insert(options: {
    readonly key: SigningKey;
    readonly publicJwk: SigningKeyRecord['publicJwk'];
    readonly now: Date;
  }): Promise<boolean> {
    const { key, publicJwk, now } = options;
    const { kid, alg, privateJwk } = key;
    try {
      await this.#gate.write(() => {
        const encryptedPrivateJwk = this.#privateJwks.encrypt(kid, privateJwk);
        return this.#model.create({ _id: kid, alg, publicJwk, encryptedPrivateJwk, createdAt: now });
      });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return false;
    }
  }

  /** Oldest first. */
  async list(): Promise<SigningKeyRecord[]> {
    return (await this.#model.find().sort({ createdAt: 1, _id: 1 }).lean()).map(toRecord);
  }

  /**
   * The newest key that servers have had time to read. An activation makes a key the newest. If there is none, the oldest key signs
   * at once, because no other key could sign in the meantime.
   */
  async findForSigning(alg: AssertionAlgorithm): Promise<SigningKey | undefined> {
    const keys = await this.#model.find({ alg, retiredAt: null }).sort({ createdAt: 1, _id: 1 }).lean();
    const usable = keys
      .filter((key) => isKnown(key, Date.now()))
      .sort((left, right) => chosenAt(left).getTime() - chosenAt(right).getTime());
    const key = usable.at(-1) ?? keys[0];
    if (!key) return undefined;
    const { _id: kid, encryptedPrivateJwk } = key;
    return { kid, alg, privateJwk: this.#privateJwks.decrypt(kid, encryptedPrivateJwk).toString() };
  }

  /** @returns false if the key does not exist or is retired */
  async activate({ kid, now }: { readonly kid: string; readonly now: Date }): Promise<boolean> {
    const result = await this.#model.updateOne({ _id: kid, retiredAt: null }, { $set: { activatedAt: now } });
    return result.matchedCount === 1;
  }

  /** @returns false if the key does not exist or is retired */
  async retire({ kid, now }: { readonly kid: string; readonly now: Date }): Promise<boolean> {
    const result = await this.#model.updateOne({ _id: kid, retiredAt: null }, { $set: { retiredAt: now } });
    return result.matchedCount === 1;
  }

  /** @returns false if the key was not retired before `retiredBefore` */
  async delete({ kid, retiredBefore }: { readonly kid: string; readonly retiredBefore: Date }): Promise<boolean> {
    const result = await this.#model.deleteOne({ _id: kid, retiredAt: { $lt: retiredBefore } });
    return result.deletedCount === 1;
  }
}

function isKnown({ activatedAt, createdAt }: Pick<SigningKeyRecord, 'activatedAt' | 'createdAt'>, nowMs: number) {
  return activatedAt !== undefined || nowMs - createdAt.getTime() >= publishedMs;
}

/** When an operator last chose the key. An operator may go back to an earlier key that every EHR has. */
function chosenAt({ activatedAt, createdAt }: Pick<SigningKeyRecord, 'activatedAt' | 'createdAt'>): Date {
  return activatedAt ?? createdAt;
}

function toRecord({ _id, encryptedPrivateJwk: _, ...fields }: Stored<typeof documentSchema>): SigningKeyRecord {
  return { kid: _id, ...fields };
}
