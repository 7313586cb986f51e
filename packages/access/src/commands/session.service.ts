import { AppError } from '@bulkhead/runtime';
import type { ApiKey } from '../api-key.record.ts';
import { type Person, type Principal, personId, toPrincipal } from '../person/person.record.ts';
import type { AccessStore } from '../store.ts';
import type { ApiKeyService } from './api-key.service.ts';

export type SessionService = ReturnType<typeof createSessionService>;

/**
 * Sessions of users who log in to the console in a browser, with an API key or at the identity provider. The id of the session is in a
 * cookie. The session may do what the key or the role may do. It ends when the user logs out, after 30 minutes without activity, after
 * 8 hours, or when the key expires or is revoked. A role that is taken away at the provider counts from the next login.
 */
export function createSessionService(store: AccessStore, apiKeys: ApiKeyService) {
  return {
    /** @returns the session's id. */
    begin: ({ id: keyId }: ApiKey): Promise<string> => store.sessions.create({ keyId, now: new Date() }),

    /** @returns the session's id */
    beginForPerson: (person: Person): Promise<string> =>
      store.sessions.create({ keyId: personId(person), person, now: new Date() }),

    /**
     * @returns who has logged in, or undefined if the session has ended or its key is not valid
     * @param options.isActivity false for requests that a page sends by itself, because they do not show that a user is present
     */
    async resume(id: string, { isActivity = true } = {}): Promise<Principal | undefined> {
      const now = new Date();
      const session = await store.sessions.find({ id, now });
      if (!session) return undefined;
      const { person, createdAt } = session;
      const apiKey = person
        ? toPrincipal(person, createdAt)
        : await apiKeys.recogniseById(session.keyId).catch(undefinedIfRefused);
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
