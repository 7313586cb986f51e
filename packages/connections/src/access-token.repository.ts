import type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from '@bulkhead/ehr-client';
import {
  createEncryptedField,
  createLeases,
  isDuplicateKey,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { z } from 'zod';
import { connectionError } from './errors.ts';

const documentSchema = z.strictObject({
  /** The id of the connection. */
  id: z.string(),
  credentialsVersion: z.int(),
  generation: z.int(),
  sealedAccessToken: z.string().exactOptional(),
  sealedRefreshToken: z.string().exactOptional(),
  scope: z.string().exactOptional(),
  /** Both times come from the clock of the database. */
  issuedAt: z.date().exactOptional(),
  renewAt: z.date().exactOptional(),
  lease: z.strictObject({ owner: z.string(), until: z.date() }).exactOptional(),
  failure: z.custom<TokenFailure>().exactOptional(),
  needsAuthorization: z.boolean().exactOptional(),
});
type AccessTokenDocument = Stored<typeof documentSchema>;

const schema = mongooseSchemaOf(documentSchema, { collection: 'access_tokens', minimize: false });

/** `access_tokens`: one token cache for all processes. Each token is encrypted for its connection. */
export function createAccessTokenRepository(
  options: StoreContext & {
    /** Called when a user's authorization has ended, and when the user has authorized again. */
    readonly noteAuthorization: (change: {
      readonly connectionId: string;
      readonly isNeeded: boolean;
    }) => Promise<void>;
  },
) {
  const { database, secretBox, gate, noteAuthorization } = options;
  const model = database.model('AccessToken', schema);
  const fieldOptions = { database, secretBox, collection: 'access_tokens' };
  const accessTokens = createEncryptedField({
    ...fieldOptions,
    field: 'sealedAccessToken',
    ownerOf: (id) => `${id}/access-token`,
  });
  const refreshTokens = createEncryptedField({
    ...fieldOptions,
    field: 'sealedRefreshToken',
    ownerOf: (id) => `${id}/refresh-token`,
  });

  const toState = (document: AccessTokenDocument & { readonly now: Date }): TokenState => {
    const { _id, sealedAccessToken, sealedRefreshToken, scope, issuedAt, renewAt, failure, now } = document;
    const token = sealedAccessToken && {
      accessToken: accessTokens.decrypt(_id, sealedAccessToken).toString(),
      ...(scope === undefined ? {} : { scope }),
      ageMs: now.getTime() - (issuedAt?.getTime() ?? 0),
      renewInMs: (renewAt?.getTime() ?? 0) - now.getTime(),
    };
    return {
      ...(token ? { token } : {}),
      ...(sealedRefreshToken ? { refreshToken: refreshTokens.decrypt(_id, sealedRefreshToken).toString() } : {}),
      ...(failure ? { failure } : {}),
      needsAuthorization: document.needsAuthorization ?? false,
      generation: document.generation,
    };
  };

  const read = async ({ connectionId, credentialsVersion }: TokenOwner): Promise<TokenState> => {
    // The times are compared with the clock of the database, which only a pipeline can read.
    const [document] = await model.aggregate<AccessTokenDocument & { now: Date }>([
      { $match: { _id: connectionId } },
      { $set: { now: '$$NOW' } },
    ]);
    if (!document) return { needsAuthorization: false, generation: 0 };
    if (document.credentialsVersion > credentialsVersion)
      throw connectionError('connection-changed', { context: { connectionId } });
    if (document.credentialsVersion === credentialsVersion) return toState(document);
    await supersede({ connectionId, credentialsVersion });
    return read({ connectionId, credentialsVersion });
  };

  /**
   * Makes the access token of earlier credentials unusable. The refresh token is kept, because it belongs to the client id and not
   * to the secret. The lease is kept too, because a process may be using the refresh token.
   */
  const supersede = async ({ connectionId, credentialsVersion }: TokenOwner): Promise<void> => {
    await model.updateOne(
      { _id: connectionId, credentialsVersion: { $lt: credentialsVersion } },
      {
        $set: { credentialsVersion },
        $unset: { sealedAccessToken: 1, issuedAt: 1, renewAt: 1, failure: 1 },
      },
    );
  };

  /**
   * Stores only the refresh token of a grant that was requested with earlier credentials. It replaces the refresh token that was
   * redeemed. The access token is dropped, because it belongs to the earlier credentials.
   */
  const keepRefreshToken = async (
    options: TokenOwner & { readonly generation: number; readonly grant: SavedGrant },
  ) => {
    const { connectionId, credentialsVersion, generation, grant } = options;
    const { sealedRefreshToken, generation: next } = toFields(connectionId, grant);
    if (!sealedRefreshToken) return;
    await model.updateOne(
      { _id: connectionId, generation, credentialsVersion: { $gt: credentialsVersion } },
      [{ $set: { sealedRefreshToken, generation: next } }, { $unset: ['lease'] }],
      { updatePipeline: true },
    );
  };

  const leases = createLeases({ database, collection: 'access_tokens' });
  const releaseLease: TokenStore['releaseLease'] = ({ holder, connectionId }) =>
    leases.release({ id: connectionId, owner: holder });

  const ensure = async ({ connectionId, credentialsVersion }: TokenOwner): Promise<void> => {
    try {
      await model.updateOne(
        { _id: connectionId },
        { $setOnInsert: { credentialsVersion, generation: 0 } },
        { upsert: true },
      );
    } catch (error) {
      // Another process has inserted it at the same moment.
      if (!isDuplicateKey(error)) throw error;
    }
  };

  return {
    encryptedFields: [accessTokens, refreshTokens],
    read,
    supersede,

    async takeLease({ holder, durationMs, ...owner }) {
      const { connectionId } = owner;
      const isTaken = await gate.admitToken(connectionId, async () => {
        await ensure(owner);
        return leases.take({ id: connectionId, owner: holder, durationMs }, filterOf(owner));
      });
      return isTaken ? read(owner) : undefined;
    },

    async extendLease({ holder, durationMs, connectionId }) {
      await leases.extend({ id: connectionId, owner: holder, durationMs });
    },

    releaseLease,

    async save({ generation, grant, ...owner }) {
      const result = await model.updateOne(
        { ...filterOf(owner), generation },
        [{ $set: toFields(owner.connectionId, grant) }, { $unset: ['lease', 'failure', 'needsAuthorization'] }],
        { updatePipeline: true },
      );
      if (result.matchedCount === 1) return true;
      await keepRefreshToken({ ...owner, generation, grant });
      return false;
    },

    async fail({ holder, failure, needsAuthorization, ...owner }) {
      const result = await model.updateOne(
        { ...filterOf(owner), 'lease.owner': holder },
        { $set: { failure, ...(needsAuthorization ? { needsAuthorization } : {}) }, $unset: { lease: 1 } },
      );
      const { connectionId } = owner;
      // A failure with earlier credentials is not stored, but the lease is released.
      if (result.matchedCount === 0) await releaseLease({ ...owner, holder });
      else if (needsAuthorization) await noteAuthorization({ connectionId, isNeeded: true });
    },

    /** Replaces all stored tokens with the grant of a user's authorization. */
    async put({ connectionId, credentialsVersion, grant }: TokenOwner & { readonly grant: SavedGrant }): Promise<void> {
      const unusedFields = [
        'lease',
        'failure',
        'needsAuthorization',
        ...(grant.refreshToken ? [] : ['sealedRefreshToken']),
      ];
      const generation = { $add: [{ $ifNull: ['$generation', 0] }, 1] };
      await gate.admitToken(connectionId, () =>
        model.updateOne(
          { _id: connectionId },
          [{ $set: { ...toFields(connectionId, grant), credentialsVersion, generation } }, { $unset: unusedFields }],
          { upsert: true, updatePipeline: true },
        ),
      );
      await noteAuthorization({ connectionId, isNeeded: false });
    },

    async delete(connectionId: string): Promise<void> {
      await model.deleteOne({ _id: connectionId });
    },
  } satisfies TokenStore & Record<string, unknown>;

  function toFields(connectionId: string, { accessToken, refreshToken, scope, renewAfterMs }: SavedGrant) {
    return {
      sealedAccessToken: accessTokens.encrypt(connectionId, accessToken),
      ...(refreshToken === undefined ? {} : { sealedRefreshToken: refreshTokens.encrypt(connectionId, refreshToken) }),
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
