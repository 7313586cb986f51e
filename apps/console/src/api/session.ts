import type { components } from '@bulkhead/client';
import { createContext, useContext } from 'react';
import type { Provider } from './api.ts';

export interface Session {
  /** The key that started the session. */
  readonly key: components['schemas']['Session'];
  readonly isOperator: boolean;
  /** A key with the same rights counts as an admin. */
  readonly isAdmin: boolean;
  /** False for a viewer. */
  readonly mayChange: boolean;
  readonly providers: readonly Provider[];
}

interface LoadedSession {
  /** Undefined until it is loaded. */
  readonly session?: Session | undefined;
  readonly error?: unknown;
}

export const SessionContext = createContext<LoadedSession>({});

/** For the frame, which is drawn before the session is loaded. */
export function useSessionIfLoaded(): Session | undefined {
  return useContext(SessionContext).session;
}

/** For everything inside of `WithSession`. */
export function useSession(): Session {
  const { session } = useContext(SessionContext);
  if (!session) throw new Error('the component is not inside of WithSession');
  return session;
}
