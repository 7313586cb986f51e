import type { AuthorizationEndpoints } from '@bulkhead/ehr/providers';
import { createEncryptedField, mongooseSchemaOf, type StoreContext, type Stored } from '@bulkhead/store';
import { z } from 'zod';
import { type AuthorizationRequest, authorizationRequestSchema } from './authorization-request.record.ts';
import { collections } from './collections.ts';
import type { Connection } from './connection.record.ts';

const documentSchema = authorizationRequestSchema.extend({
  /** The encrypted `AuthorizationSecrets`. Absent once the request has ended. */
  encrypted: z.string().exactOptional(),
  /** SHA-256 of what a browser must present to start, to come back, and as its cookie. Each secret has 256 random bits. */
  startHash: z.string(),
  stateHash: z.string().exactOptional(),
  browserHash: z.string().exactOptional(),
});

/** An ended request only answers the question how the authorization ended. */
const keptSeconds = 60 * 60;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.authorizationRequests });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: keptSeconds });

/** `authorization_requests`: runs of the authorization code flow. Each transition happens once. */
export class AuthorizationRequestRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #model;
  readonly #encryptedSecrets;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('AuthorizationRequest', schema);
    this.#encryptedSecrets = createEncryptedField({
      database,
      secretBox,
      collection: collections.authorizationRequests,
      field: 'encrypted',
      ownerOf: (id) => `${id}/authorization`,
    });
    this.encryptedFields = [this.#encryptedSecrets];
  }

  async readSecrets(id: string): Promise<AuthorizationSecrets> {
    const document = await this.#model.findById(id, { encrypted: 1 }).lean();
    if (!document?.encrypted) return {};
    const text = this.#encryptedSecrets.decrypt(id, document.encrypted).toString();
    const { draft, ...secrets } = JSON.parse(text) as AuthorizationSecrets;
    return draft ? { ...secrets, draft: { ...draft, createdAt: new Date(draft.createdAt) } } : secrets;
  }

  async insert(options: {
    readonly request: AuthorizationRequest;
    readonly secrets: AuthorizationSecrets;
    readonly startHash: string;
  }): Promise<void> {
    const { startHash, secrets, request } = options;
    const { id, ...fields } = request;
    const insert = () => this.#model.create({ _id: id, ...fields, startHash, encrypted: this.#encrypt(id, secrets) });
    // A request that creates a connection has none yet.
    await (request.connectionId === undefined
      ? this.#gate.write(insert)
      : this.#gate.admit(request.connectionId, insert));
  }

  async find(id: string): Promise<AuthorizationRequest | undefined> {
    const document = await this.#model.findById(id).lean();
    return document ? toRecord(document) : undefined;
  }

  async saveEndpoints({ id, endpoints }: { readonly id: string; readonly endpoints: AuthorizationEndpoints }) {
    await this.#model.updateOne({ _id: id, phase: 'created' }, { $set: { endpoints } });
  }

  /** Records that a browser is sent to the EHR. @returns false if a browser has started before, or the request has expired. */
  async start(options: {
    readonly id: string;
    readonly startHash: string;
    readonly stateHash: string;
    readonly browserHash: string;
    readonly verifier: string;
    readonly now: Date;
  }): Promise<boolean> {
    const { id, startHash, stateHash, browserHash, verifier, now } = options;
    const result = await this.#gate.write(async () => {
      const encrypted = this.#encrypt(id, { ...(await this.readSecrets(id)), verifier });
      return this.#model.updateOne(
        { _id: id, phase: 'created', startHash, expiresAt: { $gt: now } },
        { $set: { phase: 'started' as const, stateHash, browserHash, encrypted } },
      );
    });
    return result.modifiedCount === 1;
  }

  /** Records that the browser came back from the EHR. @returns the request for the first call, and undefined for every later one. */
  async noteCallback(options: {
    readonly id: string;
    readonly stateHash: string;
    readonly browserHash: string;
    readonly answer: Pick<AuthorizationSecrets, 'code' | 'issuer'>;
    readonly now: Date;
  }): Promise<AuthorizationRequest | undefined> {
    const { id, stateHash, browserHash, answer, now } = options;
    const document = await this.#gate.write(async () => {
      const encrypted = this.#encrypt(id, { ...(await this.readSecrets(id)), ...answer });
      return this.#model
        .findOneAndUpdate(
          { _id: id, phase: 'started' as const, stateHash, browserHash, expiresAt: { $gt: now } },
          { $set: { phase: 'redeeming' as const, encrypted } },
          { returnDocument: 'after' },
        )
        .lean();
    });
    return document ? toRecord(document) : undefined;
  }

  /** Ends the request and deletes its secrets. */
  async end(options: { readonly id: string } & Pick<AuthorizationRequest, 'result' | 'error'>): Promise<void> {
    const { id, result, error } = options;
    const phase = result ? ('done' as const) : ('failed' as const);
    await this.#model.updateOne(
      { _id: id, phase: { $nin: ['done' as const, 'failed' as const] } },
      { $set: { phase, ...(result ? { result } : {}), ...(error ? { error } : {}) }, $unset: { encrypted: 1 } },
    );
  }

  #encrypt(id: string, secrets: AuthorizationSecrets) {
    return this.#encryptedSecrets.encrypt(id, JSON.stringify(secrets));
  }
}

function toRecord(document: Stored<typeof documentSchema>): AuthorizationRequest {
  const { _id, encrypted: _s, startHash: _a, stateHash: _b, browserHash: _c, ...fields } = document;
  return { id: _id, ...fields };
}

/** The parts of a request that are readable in memory only. They are stored encrypted. */
interface AuthorizationSecrets {
  /** The connection that the authorization will create, with its credentials. */
  readonly draft?: Connection;
  /** The code verifier of PKCE. */
  readonly verifier?: string;
  readonly code?: string;
  /** The issuer that came with the code. */
  readonly issuer?: string;
}
