import { AppError, invalidRequest } from '@bulkhead/runtime';
import type { ApiKey } from '../api-key.repository.ts';
import type { AccessStore } from '../store.ts';
import type { ApiKeyBody } from './api-key.schema.ts';

export type ApiKeyService = ReturnType<typeof createApiKeyService>;

/** Who may call the API: keys made, recognised and revoked. */
export function createApiKeyService({ store }: { readonly store: AccessStore }) {
  const usable = (apiKey: ApiKey): ApiKey => {
    const now = new Date();
    const refusal = refusalOf(apiKey, now);
    if (refusal) throw refused(refusal, apiKey);
    // No request waits for it, or fails with it.
    store.apiKeys.noteUse(apiKey, now).catch(() => undefined);
    return apiKey;
  };
  const isActiveOperator = (apiKey: ApiKey): boolean => apiKey.role === 'operator' && !refusalOf(apiKey, new Date());
  const countActiveOperators = async (): Promise<number> =>
    (await store.apiKeys.list()).filter(isActiveOperator).length;

  return {
    /**
     * @returns undefined for a key that was never made.
     * @throws AppError `api-key-expired`, `api-key-revoked`
     */
    async recognise(key: string): Promise<ApiKey | undefined> {
      const apiKey = await store.apiKeys.findByKey(key);
      return apiKey && usable(apiKey);
    },

    /** The same for a key that somebody was recognised by before. */
    async recogniseById(id: string): Promise<ApiKey | undefined> {
      const apiKey = await store.apiKeys.find(id);
      return apiKey && usable(apiKey);
    },

    /** @returns the key itself, which cannot be had again. @throws AppError `invalid-request` */
    async create(body: ApiKeyBody): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
      const faults = [];
      for (const [index, id] of (body.connectionIds ?? []).entries()) {
        if (await store.connections.find(id)) continue;
        faults.push({ path: `connectionIds.${index}`, message: 'is no connection' });
      }
      if (faults.length > 0) throw invalidRequest(faults);
      return store.apiKeys.issue({ ...body, now: new Date() });
    },

    list: (): Promise<ApiKey[]> => store.apiKeys.list(),

    /** It stays listed. @throws AppError `unknown-api-key`, `last-operator-key` */
    async revoke(id: string): Promise<{ readonly apiKey: ApiKey; readonly isChanged: boolean }> {
      const apiKey = await store.apiKeys.find(id);
      if (!apiKey) throw unknownApiKey();
      if (apiKey.revokedAt) return { apiKey, isChanged: false };
      const isOperators = isActiveOperator(apiKey);
      if (isOperators && (await countActiveOperators()) === 1) throw lastOperatorKey();
      await store.apiKeys.revoke({ id, now: new Date() });
      // Two operators may have revoked each other's at the same moment.
      if (isOperators && (await countActiveOperators()) === 0) {
        await store.apiKeys.takeBackRevocation(id);
        throw lastOperatorKey();
      }
      return { apiKey: (await store.apiKeys.find(id)) ?? apiKey, isChanged: true };
    },
  };
}

/** A key as the API shows it: never the key or its hash. */
export function toApiKeyView({ createdAt, expiresAt, revokedAt, lastUsedAt, ...fields }: ApiKey) {
  return {
    ...fields,
    createdAt: createdAt.toISOString(),
    ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
    ...(revokedAt ? { revokedAt: revokedAt.toISOString() } : {}),
    ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
  };
}

const refusals = {
  'api-key-expired':
    'The API key has expired. An operator makes a new one: POST /api/ehr/api-keys, or `create-api-key`.',
  'api-key-revoked': 'The API key was revoked. Ask an operator for a new one.',
};

/** Why a key that was made is not taken at this time. */
function refusalOf({ revokedAt, expiresAt }: ApiKey, now: Date): keyof typeof refusals | undefined {
  if (revokedAt) return 'api-key-revoked';
  return expiresAt && expiresAt <= now ? 'api-key-expired' : undefined;
}

function refused(code: keyof typeof refusals, { id }: ApiKey): AppError {
  return new AppError({ code, message: refusals[code], retry: 'never', context: { keyId: id } });
}

function unknownApiKey(): AppError {
  return new AppError({
    code: 'unknown-api-key',
    message: 'There is no such API key. List them by GET /api/ehr/api-keys.',
    retry: 'never',
  });
}

function lastOperatorKey(): AppError {
  return new AppError({
    code: 'last-operator-key',
    message: "This is the last operator's key that works: without it nobody could make another. Make one first.",
    retry: 'never',
  });
}
