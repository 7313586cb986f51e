import type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from '@bulkhead/ehr';
import {
  createEncryptedField,
  createLeases,
  isDuplicateKey,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import { connectionError } from './errors.ts';

const documentSchema = z.strictObject({
  /** The id of the connection. */
  id: z.string(),
  credentialsVersion: z.int(),
  generation: z.int(),
  encryptedAccessToken: z.string().exactOptional(),
  encryptedRefreshToken: z.string().exactOptional(),
  scope: z.string().exactOptional(),
  /** Both times come from the clock of the database. */
  issuedAt: z.date().exactOptional(),
  renewAt: z.date().exactOptional(),
  lease: z.strictObject({ owner: z.string(), until: z.date() }).exactOptional(),
  failure: z.custom<TokenFailure>().exactOptional(),
  needsAuthorization: z.boolean().exactOptional(),
  /** The only origin that gets the client secret of these credentials. */
  secretOrigin: z.string().exactOptional(),
});
type AccessTokenDocument = Stored<typeof documentSchema>;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.accessTokens, minimize: false });

/** `access_tokens`: one token cache for all processes. Each token is encrypted for its connection. */
export class AccessTokenRepository implements TokenStore {
  readonly encryptedFields;
  readonly #gate;
  readonly #noteAuthorization;
  readonly #model;
  readonly #accessTokens;
  readonly #refreshTokens;
  readonly #leases;

  constructor(
    options: StoreContext & {
      /** Called when a user's authorization has ended, and when the user has authorized again. */
      readonly noteAuthorization: (change: {
        readonly connectionId: string;
        readonly isNeeded: boolean;
      }) => Promise<void>;
    },
  ) {
    const { database, secretBox, gate, noteAuthorization } = options;
    this.#gate = gate;
    this.#noteAuthorization = noteAuthorization;
    this.#model = database.model('AccessToken', schema);
    const fieldOptions = { database, secretBox, collection: collections.accessTokens };
    this.#accessTokens = createEncryptedField({
      ...fieldOptions,
      field: 'encryptedAccessToken',
      ownerOf: (id) => `${id}/access-token`,
    });
    this.#refreshTokens = createEncryptedField({
      ...fieldOptions,
      field: 'encryptedRefreshToken',
      ownerOf: (id) => `${id}/refresh-token`,
    });
    this.#leases = createLeases({ database, collection: collections.accessTokens });
    this.encryptedFields = [this.#accessTokens, this.#refreshTokens];
  }

  async read({ connectionId, credentialsVersion }: TokenOwner): Promise<TokenState> {
    // The times are compared with the clock of the database, which only a pipeline can read.
    const [document] = await this.#model.aggregate<AccessTokenDocument & { now: Date }>([
      { $match: { _id: connectionId } },
      { $set: { now: '$$NOW' } },
    ]);
    if (!document) return { needsAuthorization: false, generation: 0 };
    if (document.credentialsVersion > credentialsVersion)
      throw connectionError('connection-changed', { context: { connectionId } });
    if (document.credentialsVersion === credentialsVersion) return this.#toState(document);
    await this.supersede({ connectionId, credentialsVersion });
    return this.read({ connectionId, credentialsVersion });
  }

  /**
   * Makes the access token of earlier credentials unusable. The refresh token is kept, because it belongs to the client id and not
   * to the secret. The lease is kept too, because a process may be using the refresh token.
   */
  async supersede({ connectionId, credentialsVersion }: TokenOwner): Promise<void> {
    await this.#model.updateOne(
      { _id: connectionId, credentialsVersion: { $lt: credentialsVersion } },
      {
        $set: { credentialsVersion },
        $unset: { encryptedAccessToken: 1, issuedAt: 1, renewAt: 1, failure: 1, secretOrigin: 1 },
      },
    );
  }

  async takeLease({ holder, durationMs, ...owner }: Parameters<TokenStore['takeLease']>[0]) {
    const { connectionId } = owner;
    const isTaken = await this.#gate.admitToken(connectionId, async () => {
      await this.#ensure(owner);
      return this.#leases.take({ id: connectionId, owner: holder, durationMs }, filterOf(owner));
    });
    return isTaken ? this.read(owner) : undefined;
  }

  async extendLease({ holder, durationMs, connectionId }: Parameters<TokenStore['extendLease']>[0]) {
    await this.#leases.extend({ id: connectionId, owner: holder, durationMs });
  }

  releaseLease({ holder, connectionId }: Parameters<TokenStore['releaseLease']>[0]) {
    return this.#leases.release({ id: connectionId, owner: holder });
  }

  async bindSecret({ origin, ...owner }: Parameters<TokenStore['bindSecret']>[0]): Promise<string> {
    const { connectionId } = owner;
    await this.#gate.admitToken(connectionId, () => this.#ensure(owner));
    await this.supersede(owner);
    const document = await this.#model
      .findOneAndUpdate(
        filterOf(owner),
        [{ $set: { secretOrigin: { $ifNull: ['$secretOrigin', { $literal: origin }] } } }],
        { returnDocument: 'after', updatePipeline: true },
      )
      .lean();
    if (document?.secretOrigin === undefined)
      throw connectionError('connection-changed', { context: { connectionId } });
    return document.secretOrigin;
  }

  async save({ generation, grant, ...owner }: Parameters<TokenStore['save']>[0]) {
    const result = await this.#model.updateOne(
      { ...filterOf(owner), generation },
      [{ $set: this.#toFields(owner.connectionId, grant) }, { $unset: ['lease', 'failure', 'needsAuthorization'] }],
      { updatePipeline: true },
    );
    if (result.matchedCount === 1) return true;
    await this.#keepRefreshToken({ ...owner, generation, grant });
    return false;
  }

  async fail({ holder, failure, needsAuthorization, ...owner }: Parameters<TokenStore['fail']>[0]) {
    const result = await this.#model.updateOne(
      { ...filterOf(owner), 'lease.owner': holder },
      { $set: { failure, ...(needsAuthorization ? { needsAuthorization } : {}) }, $unset: { lease: 1 } },
    );
    const { connectionId } = owner;
    // A failure with earlier credentials is not stored, but the lease is released.
    if (result.matchedCount === 0) await this.releaseLease({ ...owner, holder });
    else if (needsAuthorization) await this.#noteAuthorization({ connectionId, isNeeded: true });
  }

  /** Replaces all stored tokens with the grant of a user's authorization. */
  async put({ connectionId, credentialsVersion, grant }: TokenOwner & { readonly grant: SavedGrant }): Promise<void> {
    const unusedFields = [
      'lease',
      'failure',
      'needsAuthorization',
      ...(grant.refreshToken ? [] : ['encryptedRefreshToken']),
    ];
    const generation = { $add: [{ $ifNull: ['$generation', 0] }, 1] };
    await this.#gate.admitToken(connectionId, () =>
      this.#model.updateOne(
        { _id: connectionId },
        [
          { $set: { ...this.#toFields(connectionId, grant), credentialsVersion, generation } },
          { $unset: unusedFields },
        ],
        { upsert: true, updatePipeline: true },
      ),
    );
    await this.#noteAuthorization({ connectionId, isNeeded: false });
  }

  async delete(connectionId: string): Promise<void> {
    await this.#model.deleteOne({ _id: connectionId });
  }

  #toState(document: AccessTokenDocument & { readonly now: Date }): TokenState {
    const { _id, encryptedAccessToken, encryptedRefreshToken, scope, issuedAt, renewAt, failure, now } = document;
    const token = encryptedAccessToken && {
      accessToken: this.#accessTokens.decrypt(_id, encryptedAccessToken).toString(),
      ...(scope === undefined ? {} : { scope }),
      ageMs: now.getTime() - (issuedAt?.getTime() ?? 0),
      renewInMs: (renewAt?.getTime() ?? 0) - now.getTime(),
    };
    return {
      ...(token ? { token } : {}),
      ...(encryptedRefreshToken
        ? { refreshToken: this.#refreshTokens.decrypt(_id, encryptedRefreshToken).toString() }
        : {}),
      ...(failure ? { failure } : {}),
      needsAuthorization: document.needsAuthorization ?? false,
      generation: document.generation,
    };
  }

  /**
   * Stores only the refresh token of a grant that was requested with earlier credentials. It replaces the refresh token that was
   * redeemed. The access token is dropped, because it belongs to the earlier credentials.
   */
  async #keepRefreshToken(options: TokenOwner & { readonly generation: number; readonly grant: SavedGrant }) {
    const { connectionId, credentialsVersion, generation, grant } = options;
    const { encryptedRefreshToken, generation: next } = this.#toFields(connectionId, grant);
    if (!encryptedRefreshToken) return;
    await this.#model.updateOne(
      { _id: connectionId, generation, credentialsVersion: { $gt: credentialsVersion } },
      [{ $set: { encryptedRefreshToken, generation: next } }, { $unset: ['lease'] }],
      { updatePipeline: true },
    );
  }

  async #ensure({ connectionId, credentialsVersion }: TokenOwner): Promise<void> {
    try {
      await this.#model.updateOne(
        { _id: connectionId },
        { $setOnInsert: { credentialsVersion, generation: 0 } },
        { upsert: true },
      );
    } catch (error) {
      // Another process has inserted it at the same moment.
      if (!isDuplicateKey(error)) throw error;
    }
  }

  #toFields(connectionId: string, { accessToken, refreshToken, scope, renewAfterMs }: SavedGrant) {
    return {
      encryptedAccessToken: this.#accessTokens.encrypt(connectionId, accessToken),
      ...(refreshToken === undefined
        ? {}
        : { encryptedRefreshToken: this.#refreshTokens.encrypt(connectionId, refreshToken) }),
      // `$literal`, because the server chose the text of the scope, and a `$` would make it an expression.
      scope: { $literal: scope },
      issuedAt: '$$NOW',
      renewAt: inMs(renewAfterMs),
      generation: { $add: ['$generation', 1] },
    };
  }
}

function filterOf({ connectionId, credentialsVersion }: TokenOwner) {
  return { _id: connectionId, credentialsVersion };
}

function inMs(amount: number) {
  return { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: Math.round(amount) } };
}
