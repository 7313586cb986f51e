import { AppError } from '@bulkhead/runtime';
import type { ApiKey } from '../api-key.record.ts';
import type { AccessStore } from '../store.ts';
import type { ApiKeyService } from './api-key.service.ts';

export type SessionService = ReturnType<typeof createSessionService>;

/** Log-ins in browsers, each with an API key. */
export function createSessionService({
  store,
  apiKeys,
}: {
  readonly store: AccessStore;
  readonly apiKeys: ApiKeyService;
}) {
  return {
    /** @returns the session's id. */
    begin: ({ id: keyId }: ApiKey): Promise<string> => store.sessions.create({ keyId, now: new Date() }),

    /**
     * Whose session it is; undefined where it is over, or its key is.
     * @param options.isActivity false for what a page asks for by itself, with nobody in front of it.
     */
    async resume(id: string, { isActivity = true } = {}): Promise<ApiKey | undefined> {
      const now = new Date();
      const session = await store.sessions.find({ id, now });
      if (!session) return undefined;
      const apiKey = await apiKeys.recogniseById(session.keyId).catch(undefinedIfRefused);
      if (!apiKey) await store.sessions.deleteByKey(session.keyId);
      // No request waits for it, or fails with it.
      else if (isActivity) store.sessions.noteSeen({ id, now, lastSeenAt: session.lastSeenAt }).catch(() => undefined);
      return apiKey;
    },

    /** When it is over at the latest, or its key is. */
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
