import type { Capabilities, Connection, ConnectionAuth } from '@bulkhead/domain';
import { type Connection as Database, Schema } from 'mongoose';
import { createSealedPlace } from './sealed-place.ts';
import type { SecretBox } from './secret-box.ts';

interface ConnectionDocument extends Omit<Connection, 'id' | 'auth'> {
  readonly _id: string;
  readonly auth: Record<string, unknown>;
  /** The client secret, sealed for this record. */
  readonly sealedSecret?: string;
  /** What calls to the clients are signed with. */
  readonly sealedWebhookSecret?: string;
}

const schema = new Schema<ConnectionDocument>(
  {
    _id: String,
    provider: { type: String, required: true },
    environment: { type: String, required: true },
    fhirEndpoint: { type: String, required: true },
    practiceId: String,
    groupId: String,
    userId: String,
    auth: { type: Schema.Types.Mixed, required: true },
    sealedSecret: String,
    webhookUrl: String,
    sealedWebhookSecret: String,
    capabilities: Schema.Types.Mixed,
    createdAt: { type: Date, required: true },
  },
  { collection: 'connections', versionKey: false, minimize: false, strict: 'throw' },
);

/** `connections`: one practice's credentials at a provider, the secret encrypted. */
export function createConnectionRepository({ database, secretBox }: { database: Database; secretBox: SecretBox }) {
  const model = database.model('Connection', schema);
  const sealed = { database, secretBox, collection: 'connections' };
  return {
    sealedPlaces: [
      createSealedPlace({ ...sealed, field: 'sealedSecret', ownerOf: (id) => id }),
      createSealedPlace({ ...sealed, field: 'sealedWebhookSecret', ownerOf: webhookOwner }),
    ],

    async insert({ id, auth, ...fields }: Connection): Promise<void> {
      const { clientSecret, ...readable } = auth as ConnectionAuth & { clientSecret?: string };
      const sealed = clientSecret && secretBox.seal({ plaintext: Buffer.from(clientSecret), owner: id });
      await model.create({ _id: id, ...fields, auth: readable, ...(sealed ? { sealedSecret: sealed } : {}) });
    },

    async find(id: string): Promise<Connection | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document, secretBox) : undefined;
    },

    async list(): Promise<Connection[]> {
      const documents = await model.find().sort({ _id: 1 }).lean();
      return documents.map((document) => toRecord(document, secretBox));
    },

    async saveCapabilities({ id, capabilities }: { readonly id: string; readonly capabilities: Capabilities }) {
      await model.updateOne({ _id: id }, { $set: { capabilities } });
    },

    /** @param url the connection's own address; undefined: only those of requests are called. */
    async saveWebhook(options: {
      readonly id: string;
      readonly url: string | undefined;
      readonly secret: string;
    }): Promise<void> {
      const { id, url, secret } = options;
      const sealedWebhookSecret = secretBox.seal({ plaintext: Buffer.from(secret), owner: webhookOwner(id) });
      const kept = url === undefined ? { $unset: { webhookUrl: 1 } } : {};
      await model.updateOne(
        { _id: id },
        { $set: { sealedWebhookSecret, ...(url === undefined ? {} : { webhookUrl: url }) }, ...kept },
      );
    },

    async deleteWebhook(id: string): Promise<void> {
      await model.updateOne({ _id: id }, { $unset: { webhookUrl: 1, sealedWebhookSecret: 1 } });
    },

    async findWebhookSecret(id: string): Promise<string | undefined> {
      const document = await model.findById(id, { sealedWebhookSecret: 1 }).lean();
      const sealed = document?.sealedWebhookSecret;
      return sealed && secretBox.open({ sealed, owner: webhookOwner(id) }).toString('utf8');
    },

    async delete(id: string): Promise<boolean> {
      const result = await model.deleteOne({ _id: id });
      return result.deletedCount === 1;
    },
  };
}

function webhookOwner(id: string): string {
  return `${id}/webhook`;
}

function toRecord(
  { _id, auth, sealedSecret, sealedWebhookSecret: _, ...fields }: ConnectionDocument,
  secretBox: SecretBox,
): Connection {
  const secret = sealedSecret
    ? { clientSecret: secretBox.open({ sealed: sealedSecret, owner: _id }).toString('utf8') }
    : {};
  return { id: _id, ...fields, auth: { ...auth, ...secret } as unknown as ConnectionAuth };
}
