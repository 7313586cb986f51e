import type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from '@bulkhead/ehr-client';
import { AppError } from '@bulkhead/runtime';
import {
  createLeases,
  createSealedPlace,
  isDuplicateKey,
  mongooseFieldsOf,
  type SecretBox,
  type Stored,
} from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** The connection's. */
  id: z.string(),
  credentialsVersion: z.int(),
  generation: z.int(),
  sealedAccessToken: z.string().exactOptional(),
  sealedRefreshToken: z.string().exactOptional(),
  scope: z.string().exactOptional(),
  /** These two by the database's clock. */
  issuedAt: z.date().exactOptional(),
  renewAt: z.date().exactOptional(),
  lease: z.strictObject({ owner: z.string(), until: z.date() }).exactOptional(),
  failure: z.custom<TokenFailure>().exactOptional(),
  needsAuthorization: z.boolean().exactOptional(),
});
type AccessTokenDocument = Stored<typeof documentSchema>;

const schema = new Schema<AccessTokenDocument>(mongooseFieldsOf(documentSchema), {
  collection: 'access_tokens',
  versionKey: false,
  minimize: false,
  strict: 'throw',
});

/** `access_tokens`: one cache for the whole cluster, every token sealed for its connection. */
export function createAccessTokenRepository(options: {
  readonly database: Database;
  readonly secretBox: SecretBox;
  /** Told when a user's authorization has ended, and when there is another. */
  readonly noteAuthorization: (options: { readonly connectionId: string; readonly isNeeded: boolean }) => Promise<void>;
}) {
  const { database, secretBox, noteAuthorization } = options;
  const model = database.model('AccessToken', schema);
  const open = (sealed: string, owner: string) => secretBox.open({ sealed, owner }).toString('utf8');

  const toState = (document: AccessTokenDocument & { readonly now: Date }): TokenState => {
    const { _id, sealedAccessToken, sealedRefreshToken, scope, issuedAt, renewAt, failure, now } = document;
    const token = sealedAccessToken && {
      accessToken: open(sealedAccessToken, accessOwner(_id)),
      ...(scope === undefined ? {} : { scope }),
      ageMs: now.getTime() - (issuedAt?.getTime() ?? 0),
      renewInMs: (renewAt?.getTime() ?? 0) - now.getTime(),
    };
    return {
      ...(token ? { token } : {}),
      ...(sealedRefreshToken ? { refreshToken: open(sealedRefreshToken, refreshOwner(_id)) } : {}),
      ...(failure ? { failure } : {}),
      needsAuthorization: document.needsAuthorization ?? false,
      generation: document.generation,
    };
  };

  const read = async ({ connectionId, credentialsVersion }: TokenOwner): Promise<TokenState> => {
    // Times are compared with the database's own, which only a pipeline tells.
    const [document] = await model.aggregate<AccessTokenDocument & { now: Date }>([
      { $match: { _id: connectionId } },
      { $set: { now: '$$NOW' } },
    ]);
    if (!document) return { needsAuthorization: false, generation: 0 };
    if (document.credentialsVersion > credentialsVersion) throw connectionChanged(connectionId);
    if (document.credentialsVersion === credentialsVersion) return toState(document);
    await supersede({ connectionId, credentialsVersion });
    return read({ connectionId, credentialsVersion });
  };

  /**
   * Makes tokens of earlier credentials unusable. A refresh token is kept: it is the client id's, not the secret's. So is the
   * lease of whoever is just using it.
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

  /** A refresh token that was had with earlier credentials replaces the one that it came for; its access token is of no use. */
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
      // Two at a time: it is there.
      if (!isDuplicateKey(error)) throw error;
    }
  };

  const sealed = { database, secretBox, collection: 'access_tokens' };
  return {
    sealedPlaces: [
      createSealedPlace({ ...sealed, field: 'sealedAccessToken', ownerOf: accessOwner }),
      createSealedPlace({ ...sealed, field: 'sealedRefreshToken', ownerOf: refreshOwner }),
    ],
    read,
    supersede,

    async takeLease({ holder, durationMs, ...owner }) {
      await ensure(owner);
      const isTaken = await leases.take({ id: owner.connectionId, owner: holder, durationMs }, filterOf(owner));
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
      const told = await model.updateOne(
        { ...filterOf(owner), 'lease.owner': holder },
        { $set: { failure, ...(needsAuthorization ? { needsAuthorization } : {}) }, $unset: { lease: 1 } },
      );
      const { connectionId } = owner;
      // Of earlier credentials nothing is told, but the lease is over all the same.
      if (told.matchedCount === 0) await releaseLease({ ...owner, holder });
      else if (needsAuthorization) await noteAuthorization({ connectionId, isNeeded: true });
    },

    /** What a user's authorization brought, in the place of everything that was there. */
    async put({ connectionId, credentialsVersion, grant }: TokenOwner & { readonly grant: SavedGrant }): Promise<void> {
      const { generation: _, ...fields } = toFields(connectionId, grant);
      const gone = ['lease', 'failure', 'needsAuthorization', ...(grant.refreshToken ? [] : ['sealedRefreshToken'])];
      const generation = { $add: [{ $ifNull: ['$generation', 0] }, 1] };
      await model.updateOne(
        { _id: connectionId },
        [{ $set: { ...fields, credentialsVersion, generation } }, { $unset: gone }],
        { upsert: true, updatePipeline: true },
      );
      await noteAuthorization({ connectionId, isNeeded: false });
    },

    async delete(connectionId: string): Promise<void> {
      await model.deleteOne({ _id: connectionId });
    },
  } satisfies TokenStore & Record<string, unknown>;

  function toFields(connectionId: string, { accessToken, refreshToken, scope, renewAfterMs }: SavedGrant) {
    const seal = (text: string, owner: string) => ({
      $literal: secretBox.seal({ plaintext: Buffer.from(text), owner }),
    });
    return {
      sealedAccessToken: seal(accessToken, accessOwner(connectionId)),
      ...(refreshToken === undefined ? {} : { sealedRefreshToken: seal(refreshToken, refreshOwner(connectionId)) }),
      // Literal: a scope is the server's text, and `$` would make it an expression.
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

function accessOwner(connectionId: string): string {
  return `${connectionId}/access-token`;
}

function refreshOwner(connectionId: string): string {
  return `${connectionId}/refresh-token`;
}

function connectionChanged(connectionId: string): AppError {
  return new AppError({
    code: 'connection-changed',
    message: 'The credentials of the connection were changed meanwhile. The work goes on by itself with the new ones.',
    retry: { afterMs: 1000 },
    context: { connectionId },
  });
}
