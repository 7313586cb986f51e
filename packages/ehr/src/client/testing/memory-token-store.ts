import type { TokenState, TokenStore } from '../oauth/token-store.ts';

interface Entry extends TokenState {
  readonly savedAt: number;
  readonly renewAt: number;
  readonly holder?: string;
}

/** Keeps tokens for tests of HTTP with a single process. The shared store is tested in the worker. */
export function createMemoryTokenStore(): TokenStore {
  const entries = new Map<string, Entry>();
  const none: Entry = { needsAuthorization: false, generation: 0, savedAt: 0, renewAt: 0 };
  const entryOf = (id: string) => entries.get(id) ?? none;
  const toState = ({ token, savedAt, renewAt, ...state }: Entry): TokenState => {
    const now = performance.now();
    return token ? { ...state, token: { ...token, ageMs: now - savedAt, renewInMs: renewAt - now } } : state;
  };
  const release = (id: string): void => {
    const { holder: _, ...entry } = entryOf(id);
    entries.set(id, entry);
  };
  const origins = new Map<string, string>();
  return {
    async bindSecret({ connectionId, credentialsVersion, origin }) {
      const key = `${connectionId}/${credentialsVersion}`;
      origins.set(key, origins.get(key) ?? origin);
      return origins.get(key) ?? origin;
    },
    read: async ({ connectionId }) => toState(entryOf(connectionId)),
    async takeLease({ connectionId, holder }) {
      const entry = entryOf(connectionId);
      if (entry.holder !== undefined) return undefined;
      entries.set(connectionId, { ...entry, holder });
      return toState(entry);
    },
    extendLease: async () => undefined,
    releaseLease: async ({ connectionId }) => release(connectionId),
    async save({ connectionId, generation, grant }) {
      if (entryOf(connectionId).generation !== generation) return false;
      const { renewAfterMs, refreshToken, ...token } = grant;
      const savedAt = performance.now();
      entries.set(connectionId, {
        token: { ...token, ageMs: 0, renewInMs: renewAfterMs },
        ...(refreshToken === undefined ? {} : { refreshToken }),
        needsAuthorization: false,
        generation: generation + 1,
        savedAt,
        renewAt: savedAt + renewAfterMs,
      });
      return true;
    },
    async fail({ connectionId, failure, needsAuthorization }) {
      release(connectionId);
      entries.set(connectionId, { ...entryOf(connectionId), failure, needsAuthorization });
    },
  };
}
