import { createHash, randomBytes } from 'node:crypto';
import { type Connection as Database, Schema } from 'mongoose';

export const apiKeyRoles = ['client', 'operator'] as const;
export type ApiKeyRole = (typeof apiKeyRoles)[number];

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  /** The key's beginning, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: Date;
}

interface ApiKeyDocument extends Omit<ApiKey, 'id'> {
  /** SHA-256 of the key. It has 256 random bits, so a slow hash would add nothing. */
  readonly _id: string;
}

const schema = new Schema<ApiKeyDocument>(
  {
    _id: String,
    name: { type: String, required: true },
    role: { type: String, required: true, enum: apiKeyRoles },
    prefix: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'api_keys', versionKey: false, strict: 'throw' },
);

/** `api_keys`: who may call the API; only hashes are kept. */
export function createApiKeyRepository(database: Database) {
  const model = database.model('ApiKey', schema);
  return {
    /** @returns the key itself, which cannot be had again. */
    async create({ name, role, now }: { readonly name: string; readonly role: ApiKeyRole; readonly now: Date }) {
      const key = `bh_${randomBytes(32).toString('base64url')}`;
      await model.create({ _id: hash(key), name, role, prefix: key.slice(0, 8), createdAt: now });
      return key;
    },

    /** @returns how many keys of that name there were. */
    async deleteByName(name: string): Promise<number> {
      const { deletedCount } = await model.deleteMany({ name });
      return deletedCount;
    },

    async findByKey(key: string): Promise<ApiKey | undefined> {
      const document = await model.findById(hash(key)).lean();
      if (!document) return undefined;
      const { _id, ...fields } = document;
      return { id: _id, ...fields };
    },
  };
}

function hash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
