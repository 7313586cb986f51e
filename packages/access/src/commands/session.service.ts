import { AppError } from '@bulkhead/runtime';
import type { ApiKey } from '../api-key.record.ts';
import type { AccessStore } from '../store.ts';
import type { ApiKeyService } from './api-key.service.ts';

export type SessionService = ReturnType<typeof createSessionService>;

/**
 * Sessions of users who log in to the console in a browser. A user logs in with an API key and gets a session, whose id is in a cookie.
 * The session may do what the key may do. It ends when the user logs out, after 30 minutes without activity, after 8 hours, or when
 * the key expires or is revoked.
 */
export function createSessionService(store: AccessStore, apiKeys: ApiKeyService) {
  return {
    /** @returns the session's id. */
    begin: ({ id: keyId }: ApiKey): Promise<string> => store.sessions.create({ keyId, now: new Date() }),

    /**
     * @returns the API key of the session, or undefined if the session has ended or its key is not valid
     * @param options.isActivity false for requests that a page sends by itself, because they do not show that a user is present
     */
    async resume(id: string, { isActivity = true } = {}): Promise<ApiKey | undefined> {
      const now = new Date();
      const session = await store.sessions.find({ id, now });
      if (!session) return undefined;
      const apiKey = await apiKeys.recogniseById(session.keyId).catch(undefinedIfRefused);
      if (!apiKey) await store.sessions.deleteByKey(session.keyId);
      // A request does not wait for this write and does not fail with it.
      else if (isActivity) store.sessions.noteSeen({ id, now, lastSeenAt: session.lastSeenAt }).catch(() => undefined);
      return apiKey;
    },

    /** The latest time at which the session ends. */
    async endOf(id: string): Promise<Date | undefined> {
      return (await store.sessions.find({ id, now: new Date() }))?.expiresAt;
    },

    end: (id: string): Promise<void> => store.sessions.delete(id),
  };
}

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof AppError) return undefined;
  throw error;
}
