import { AppError } from '@bulkhead/base';
import { type View, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import type { AccessStore } from '../access.feature.ts';
import { type ApiKey, apiKeyRoles } from '../api-key.record.ts';
import { accessError } from '../errors.ts';
import { type Person, type Principal, personId, personRoles, toPrincipal } from '../person/person.record.ts';
import type { ApiKeyService } from './api-key.service.ts';

/**
 * Sessions of users who log in to the console in a browser, with an API key or at the identity provider. The id of the session is in a
 * cookie. The session may do what the key or the role may do. It ends when the user logs out, after 30 minutes without activity, after
 * 8 hours, when the key expires or is revoked, or when an admin ends it. A role that is taken away at the provider counts from the next login.
 */
export class SessionService {
  readonly #options;

  constructor(options: {
    readonly store: Pick<AccessStore, 'sessions' | 'apiKeys'>;
    readonly apiKeys: ApiKeyService;
    /** Whether people may log in with a key. Otherwise sessions that began with one have ended. */
    readonly hasKeyLogin: boolean;
  }) {
    this.#options = options;
  }

  /** @returns the session's id. */
  begin({ id: keyId }: ApiKey): Promise<string> {
    return this.#options.store.sessions.create({ keyId, now: new Date() });
  }

  /** @returns the session's id */
  beginForPerson(person: Person): Promise<string> {
    return this.#options.store.sessions.create({ keyId: personId(person), person, now: new Date() });
  }

  /**
   * @returns who has logged in, or undefined if the session has ended or its key is not valid
   * @param options.isActivity false for requests that a page sends by itself, because they do not show that a user is present
   */
  async resume(id: string, { isActivity = true } = {}): Promise<Principal | undefined> {
    const now = new Date();
    const session = await this.#options.store.sessions.find({ id, now });
    if (!session || !(session.person || this.#options.hasKeyLogin)) return undefined;
    const { person, createdAt } = session;
    const apiKey = person
      ? toPrincipal(person, createdAt)
      : await this.#options.apiKeys.recogniseById(session.keyId).catch(undefinedIfRefused);
    if (!apiKey) await this.#options.store.sessions.deleteByKey(session.keyId);
    // A request does not wait for this write and does not fail with it.
    else if (isActivity)
      this.#options.store.sessions.noteSeen({ id, now, lastSeenAt: session.lastSeenAt }).catch(() => undefined);
    return apiKey;
  }

  /** The latest time at which the session ends. */
  async endOf(id: string): Promise<Date | undefined> {
    return (await this.#options.store.sessions.find({ id, now: new Date() }))?.expiresAt;
  }

  end(id: string): Promise<void> {
    return this.#options.store.sessions.delete(id);
  }

  /** The sessions that have not ended, the newest first. */
  async list(): Promise<SessionView[]> {
    const sessions = await this.#options.store.sessions.list(new Date());
    const names = new Map((await this.#options.store.apiKeys.list()).map((apiKey) => [apiKey.id, apiKey]));
    return sessions.flatMap(({ hash: id, keyId: apiKeyId, person, ...times }) => {
      const principal = person ? toPrincipal(person, times.createdAt) : names.get(apiKeyId);
      // The sessions of a key that was deleted have ended.
      if (!principal || !(person || this.#options.hasKeyLogin)) return [];
      const { name, role } = principal;
      return [viewOf(sessionViewSchema, { id, apiKeyId, name, role, personRole: person?.role, ...times })];
    });
  }

  /** Ends a session of anyone, by its public id. @throws AppError `unknown-session` */
  async endListed(id: string): Promise<void> {
    if (!(await this.#options.store.sessions.deleteByHash(id))) throw accessError('unknown-session');
  }
}

export const sessionViewSchema = z
  .strictObject({
    id: z.string().describe('The public id of the session. It cannot be used to log in.'),
    apiKeyId: z.string().describe('The id of the key, or of the person, which begins with `user_`.'),
    name: z.string().describe('The name of the person or of the key.'),
    role: z.enum(apiKeyRoles).describe('`client` or `operator`.'),
    personRole: z.enum(personRoles).optional().describe('The role of a person. Absent for a key.'),
    createdAt: z.iso.datetime().describe('When the user logged in.'),
    lastSeenAt: z.iso.datetime().describe('When the user was last active, to the minute.'),
    expiresAt: z.iso.datetime().describe('When the session ends at the latest.'),
  })
  .meta({ id: 'OpenSession', description: 'A user who is logged in with a browser.' });
type SessionView = View<typeof sessionViewSchema>;

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof AppError) return undefined;
  throw error;
}
