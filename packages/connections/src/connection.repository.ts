import type { Capabilities, ConnectionAuth, connectionBudgets } from '@bulkhead/ehr/providers';
import {
  batchedFind,
  createEncryptedField,
  createKeptOutTexts,
  createLeases,
  findIds,
  mongooseSchemaOf,
  SharedReads,
  type StoreContext,
  type Stored,
  UniqueKeys,
  wholeBatch,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import {
  type Connection,
  type ConnectionTest,
  type ConnectionWithoutSecrets,
  connectionSchema,
} from './connection.record.ts';
import { connectionExists, nameTaken } from './connection-name.ts';

export const connectionDocumentSchema = connectionSchema.extend({
  /** The credentials without their secrets. */
  auth: z.record(z.string(), z.unknown()),
  /** The client secret, encrypted for this record. */
  encryptedSecret: z.string().exactOptional(),
  /** The JWK of the connection's own signing key, encrypted. */
  encryptedPrivateJwk: z.string().exactOptional(),
  /** The secret that signs webhook calls, encrypted. */
  encryptedWebhookSecret: z.string().exactOptional(),
  /** Of the request that applies a file to this connection. */
  lease: z.strictObject({ owner: z.string(), until: z.date() }).exactOptional(),
  deletedAt: z.date().exactOptional(),
});
type ConnectionDocument = Stored<typeof connectionDocumentSchema>;

const schema = mongooseSchemaOf(connectionDocumentSchema, { collection: collections.connections, minimize: false });
schema.index({ deletedAt: 1 }, { sparse: true });
// For names with numbers, and for the connections of one practice, Group or server.
schema.index({ name: 1 });
schema.index({ fhirEndpoint: 1, practiceId: 1, groupId: 1 });

const notListed = { capabilities: 0, encryptedSecret: 0, encryptedPrivateJwk: 0, encryptedWebhookSecret: 0 } as const;
type WithoutCapabilities = Omit<ConnectionWithoutSecrets, 'capabilities'>;

/** Scopes are half of a record, and lists of all connections need none. */
const notInLists = { ...notListed, scopeSearch: 0, 'auth.scope': 0 } as const;
/** Of its credentials, a list has what tells request budgets apart. */
export type ListedConnection = Omit<WithoutCapabilities, 'scopeSearch' | 'auth'> &
  Pick<Parameters<typeof connectionBudgets>[0], 'auth'>;

interface Place {
  readonly fhirEndpoint: string;
  readonly practiceId?: string | null | undefined;
  readonly groupId?: string | null | undefined;
}

/** `connections`: the credentials of one practice at a provider. Secrets are encrypted. */
export class ConnectionRepository {
  readonly encryptedFields;
  /** A file is applied to a connection by one request at a time. */
  readonly leases;
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;
  readonly #keys;
  readonly #findKept;
  readonly #shared = new SharedReads((id: string) => this.findWithSecrets(id));
  readonly #secrets;
  readonly #privateJwks;
  readonly #webhookSecrets;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    const place = { database, collection: collections.connections };
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: connectionDocumentSchema });
    this.#model = database.model('Connection', schema);
    this.leases = createLeases(place);
    this.#keys = new UniqueKeys({
      database,
      collection: collections.connectionKeys,
      isNeeded: (id, key) => this.#needsKey(id, key),
    });
    this.#findKept = batchedFind<ConnectionDocument>(this.#model, { deletedAt: null });
    const fieldOptions = { ...place, secretBox };
    this.#secrets = createEncryptedField({ ...fieldOptions, field: 'encryptedSecret', ownerOf: (id) => id });
    this.#privateJwks = createEncryptedField({
      ...fieldOptions,
      field: 'encryptedPrivateJwk',
      ownerOf: (id) => `${id}/private-key`,
    });
    this.#webhookSecrets = createEncryptedField({
      ...fieldOptions,
      field: 'encryptedWebhookSecret',
      ownerOf: (id) => `${id}/webhook`,
    });
    this.encryptedFields = [this.#secrets, this.#privateJwks, this.#webhookSecrets];
  }

  /** @returns the name that it had before @throws AppError `connection-name-taken` */
  async rename({ id, name }: { readonly id: string; readonly name: string }): Promise<string | undefined> {
    if ((await this.#takeKey(id, nameKey(name))) !== id) throw nameTaken();
    const before = await this.#model.findOneAndUpdate({ _id: id, deletedAt: null }, { $set: { name } }).lean();
    if (before?.name !== name) await this.#keys.release({ key: nameKey(before?.name ?? name), holder: id });
    return before?.name;
  }

  /** How many connections have a name with a number: "name (2)". */
  countNumbered(name: string): Promise<number> {
    return this.#model.countDocuments({ name: { $gte: `${name} (`, $lt: `${name} )` } });
  }

  /**
   * @param options.purpose what no other connection may be for, if that is restricted
   * @throws AppError `connection-name-taken`, `connection-exists`
   */
  async insert({ id, auth, ...fields }: Connection, { purpose }: { readonly purpose?: string | undefined } = {}) {
    const holder = purpose === undefined ? id : await this.#takeKey(id, `purpose/${purpose}`);
    if (holder !== id) throw connectionExists({ id: holder });
    if ((await this.#takeKey(id, nameKey(fields.name))) !== id) {
      await this.#keys.releaseAllOf(id);
      throw nameTaken();
    }
    // If this fails, the keys become free by themselves. The connection may have been written although no answer was received.
    await this.#gate.write(() => this.#model.create({ _id: id, ...fields, ...this.#encryptAuth(id, auth) }));
  }

  /** Replaces the origins of the EHR that an operator allows. */
  async saveOrigins({ id, ...origins }: { readonly id: string } & Required<Pick<Connection, 'origins' | 'aliases'>>) {
    await this.#model.updateOne({ _id: id, deletedAt: null }, { $set: origins });
  }

  /** Replaces the credentials. The last test was one of the former ones. @returns false if the connection does not exist */
  async saveAuth({ id, auth }: { readonly id: string; readonly auth: ConnectionAuth }): Promise<boolean> {
    const result = await this.#gate.write(() => {
      const encrypted = this.#encryptAuth(id, auth);
      const unused = (['encryptedSecret', 'encryptedPrivateJwk'] as const).filter(
        (field) => encrypted[field] === undefined,
      );
      const $unset = Object.fromEntries([...unused, 'lastTest', 'scopeSearch'].map((field) => [field, 1]));
      return this.#model.updateOne({ _id: id }, { $set: encrypted, $inc: { credentialsVersion: 1 }, $unset });
    });
    this.#shared.forget(id);
    return result.matchedCount === 1;
  }

  async find(id: string): Promise<ConnectionWithoutSecrets | undefined> {
    const document = await this.#findKept(id);
    return document ? toRecord(document) : undefined;
  }

  /** For what requests access tokens. @throws AppError `secret-unreadable` */
  async findWithSecrets(id: string): Promise<Connection | undefined> {
    const document = await this.#findKept(id);
    return document ? this.#withSecrets(document) : undefined;
  }

  /** Like `findWithSecrets`, read once for all calls within a second. What this process changes is read again. */
  findShared(id: string): Promise<Connection | undefined> {
    return this.#shared.read(id);
  }

  /** Like `findWithSecrets`. While a connection is being deleted, its record still has the credentials for the EHR. */
  async findEvenDeleted(id: string): Promise<Connection | undefined> {
    const document = await this.#model.findById(id).lean();
    return document ? this.#withSecrets(document) : undefined;
  }

  /** Lists all connections in one command. Their capabilities and scopes, the largest parts of a record, are left out. */
  async list(): Promise<ListedConnection[]> {
    const documents = await this.#model
      .find({ deletedAt: null }, notInLists)
      .sort({ _id: 1 })
      .batchSize(wholeBatch)
      .lean();
    return documents.map((document) => toRecord(document as ConnectionDocument));
  }

  /** Lists the connections to the same practices, to the same Groups if there is no practice, or else to the same servers. */
  async listOfPlaces(places: readonly Place[]): Promise<WithoutCapabilities[]> {
    if (places.length === 0) return [];
    const valuesOf = (field: keyof Place) => ({ $in: [...new Set(places.map((place) => place[field] ?? null))] });
    const practiceId = valuesOf('practiceId');
    const ofGroup = practiceId.$in.includes(null) ? [{ practiceId: null, groupId: valuesOf('groupId') }] : [];
    const $or = [{ practiceId: { $in: practiceId.$in.filter((id) => id !== null) } }, ...ofGroup];
    const filter = { fhirEndpoint: valuesOf('fhirEndpoint'), $or, deletedAt: null } as object;
    return (await this.#model.find(filter, notListed).lean()).map((document) =>
      toRecord(document as ConnectionDocument),
    );
  }

  /** Lists those with these names. */
  async listNamed(names: readonly string[]): Promise<WithoutCapabilities[]> {
    const documents = await this.#model.find({ name: { $in: names }, deletedAt: null }, notListed).lean();
    return documents.map((document) => toRecord(document as ConnectionDocument));
  }

  async findMany(ids: readonly string[]): Promise<ConnectionWithoutSecrets[]> {
    const documents = await this.#model.find({ _id: { $in: ids }, deletedAt: null }).lean();
    return documents.map(toRecord);
  }

  /** Reads ids only. */
  listIds() {
    return findIds(this.#model, { deletedAt: null });
  }

  async saveCapabilities({ id, capabilities }: { readonly id: string; readonly capabilities: Capabilities }) {
    await this.#model.updateOne({ _id: id }, { $set: { capabilities } });
  }

  /** Keeps the form of the id of the Group that the EHR has. An operator may have set another one meanwhile. */
  async saveGroupId(options: { readonly id: string; readonly from: string | undefined; readonly groupId: string }) {
    const { id: _id, from, groupId } = options;
    await this.#model.updateOne({ _id, groupId: from ?? null } as object, { $set: { groupId } });
  }

  async noteAuthorization(options: { readonly connectionId: string; readonly isNeeded: boolean }): Promise<void> {
    const { connectionId: _id, isNeeded } = options;
    const change = isNeeded ? { $set: { needsAuthorization: true } } : { $unset: { needsAuthorization: 1 } };
    await this.#model.updateOne({ _id }, change);
  }

  /** Stores the patient and the practice of a user's authorization, if they were not known. */
  async savePatient(options: { readonly id: string; readonly userId: string; readonly practiceId?: string }) {
    const { id, ...fields } = options;
    await this.#model.updateOne({ _id: id }, { $set: fields });
  }

  /** The connection that a user has authorized earlier for the same patient. @throws AppError `secret-unreadable` */
  async findAuthorized(options: {
    readonly provider: string;
    readonly fhirEndpoint: string;
    readonly clientId: string;
    readonly userId: string;
  }): Promise<Connection | undefined> {
    const { clientId, ...filter } = options;
    const method = 'authorization_code';
    const auth = { 'auth.method': method, 'auth.clientId': clientId };
    const document = await this.#model
      .findOne({ ...filter, ...auth, deletedAt: null })
      .sort({ _id: 1 })
      .lean();
    return document ? this.#withSecrets(document) : undefined;
  }

  /** Hides the connection and frees its name at once. A worker deletes the record after it has revoked its tokens at the EHR. */
  async markDeleted({ id, now }: { readonly id: string; readonly now: Date }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $set: { deletedAt: now } });
    this.#shared.forget(id);
    await this.#keys.releaseAllOf(id);
  }

  /** When the connection was deleted. Undefined if it was not, or if nothing is left of it. */
  async findDeletedAt(id: string): Promise<Date | undefined> {
    return (await this.#model.findById(id, { deletedAt: 1 }).lean())?.deletedAt;
  }

  async listDeletedIds(): Promise<string[]> {
    const documents = await this.#model.find({ deletedAt: { $gt: new Date(0) } }, { _id: 1 }).lean();
    return documents.map(({ _id }) => _id);
  }

  async saveTest({ id, test }: { readonly id: string; readonly test: ConnectionTest }) {
    await this.#model.updateOne({ _id: id }, { $set: { lastTest: test } });
    await this.#keptOutTexts.forget(id, { _id: id });
  }

  /** Begins to look for the scopes that the EHR grants, or continues. @returns undefined if the credentials were replaced */
  async beginScopeSearch(options: CredentialsOf & { readonly requested: readonly string[]; readonly now: Date }) {
    const { requested, now } = options;
    const search = { requested: [...requested], granted: [], refused: [], startedAt: now };
    const isOther = {
      $or: [{ 'scopeSearch.endedAt': { $exists: true } }, { 'scopeSearch.requested': { $ne: requested } }],
    };
    await this.#model.updateOne({ ...filterOf(options), ...isOther } as object, { $set: { scopeSearch: search } });
    return (await this.#model.findOne(filterOf(options), { scopeSearch: 1 }).lean())?.scopeSearch;
  }

  async noteScope(options: CredentialsOf & { readonly scope: string; readonly isGranted: boolean }): Promise<void> {
    const { scope, isGranted } = options;
    const list = isGranted ? 'scopeSearch.granted' : 'scopeSearch.refused';
    await this.#model.updateOne(filterOf(options), { $addToSet: { [list]: scope } } as object);
  }

  /** @param options.scope what the connection requests from now on. Undefined: what it did */
  async endScopeSearch(options: CredentialsOf & { readonly scope: string | undefined; readonly now: Date }) {
    const { scope, now } = options;
    const narrowed = scope === undefined ? {} : { 'auth.scope': scope };
    const $unset = scope === undefined ? {} : { 'auth.scopesOfDeclared': 1 };
    await this.#model.updateOne(filterOf(options), { $set: { 'scopeSearch.endedAt': now, ...narrowed }, $unset });
  }

  /** @param url the connection's own address. Without it, only addresses that a request named are called. */
  async saveWebhook(options: {
    readonly id: string;
    readonly url: string | undefined;
    readonly secret: string;
  }): Promise<void> {
    const { id, url, secret } = options;
    const unsetUrl = url === undefined ? { $unset: { webhookUrl: 1 } } : {};
    await this.#gate.write(() => {
      const encryptedWebhookSecret = this.#webhookSecrets.encrypt(id, secret);
      const set = { encryptedWebhookSecret, ...(url === undefined ? {} : { webhookUrl: url }) };
      return this.#model.updateOne({ _id: id }, { $set: set, ...unsetUrl });
    });
  }

  /** @returns false if the connection had no webhook */
  async deleteWebhook(id: string): Promise<boolean> {
    const result = await this.#model.updateOne(
      { _id: id, encryptedWebhookSecret: { $exists: true } },
      { $unset: { webhookUrl: 1, encryptedWebhookSecret: 1 } },
    );
    return result.matchedCount === 1;
  }

  async findWebhookSecret(id: string): Promise<string | undefined> {
    const document = await this.#model.findById(id, { encryptedWebhookSecret: 1 }).lean();
    const encrypted = document?.encryptedWebhookSecret;
    return encrypted && this.#webhookSecrets.decrypt(id, encrypted).toString();
  }

  async delete(id: string): Promise<boolean> {
    const result = await this.#model.deleteOne({ _id: id });
    this.#shared.forget(id);
    await this.#keys.releaseAllOf(id);
    return result.deletedCount === 1;
  }

  #takeKey(id: string, key: string): Promise<string> {
    return this.#keys.take({ key, holder: id, connectionId: id, now: new Date() });
  }

  /** A connection takes its new name before it is renamed, so one with another name may still be about to have this one. */
  async #needsKey(id: string, key: string): Promise<boolean | undefined> {
    const connection = await this.#model.findById(id, { name: 1, deletedAt: 1 }).lean();
    if (!connection) return undefined;
    if (connection.deletedAt) return false;
    return !key.startsWith(nameKey('')) || nameKey(connection.name) === key || undefined;
  }

  #encryptAuth(id: string, auth: ConnectionAuth): EncryptedAuth {
    if ('clientSecret' in auth && auth.clientSecret !== undefined) {
      const { clientSecret, ...readable } = auth;
      return { auth: readable, encryptedSecret: this.#secrets.encrypt(id, clientSecret) };
    }
    if (auth.method !== 'private_key_jwt' || !auth.signingKey) return { auth: { ...auth } };
    const { privateJwk, ...signingKey } = auth.signingKey;
    return { auth: { ...auth, signingKey }, encryptedPrivateJwk: this.#privateJwks.encrypt(id, privateJwk) };
  }

  #withSecrets(document: ConnectionDocument): Connection {
    const { _id, encryptedSecret, encryptedPrivateJwk } = document;
    const { auth, ...connection } = toRecord(document);
    const secret =
      encryptedSecret === undefined ? {} : { clientSecret: this.#secrets.decrypt(_id, encryptedSecret).toString() };
    const privateJwk = encryptedPrivateJwk && this.#privateJwks.decrypt(_id, encryptedPrivateJwk).toString();
    const signingKey = privateJwk ? { signingKey: { ...(document.auth.signingKey as object), privateJwk } } : {};
    return { ...connection, auth: { ...auth, ...secret, ...signingKey } as ConnectionAuth };
  }
}

/** A connection, as long as its credentials are these. */
type CredentialsOf = Pick<Connection, 'id' | 'credentialsVersion'>;

function filterOf({ id: _id, credentialsVersion = 0 }: CredentialsOf) {
  return {
    _id,
    deletedAt: null,
    credentialsVersion: credentialsVersion === 0 ? { $in: [0, null] } : credentialsVersion,
  } as object;
}

function nameKey(name: string): string {
  return `name/${name}`;
}

function toRecord(document: ConnectionDocument): ConnectionWithoutSecrets {
  const {
    _id,
    auth,
    encryptedSecret: _,
    encryptedPrivateJwk: _jwk,
    encryptedWebhookSecret: _webhook,
    lease: _lease,
    ...others
  } = document;
  const { deletedAt: _at, ...fields } = others;
  return { id: _id, ...fields, auth: auth as unknown as ConnectionWithoutSecrets['auth'] };
}

type EncryptedAuth = Pick<ConnectionDocument, 'auth' | 'encryptedSecret' | 'encryptedPrivateJwk'>;
