import { type ReactNode, useContext, useMemo } from 'react';
import { api, isUnavailable, type Provider } from '../api/api.ts';
import { type Session, SessionContext, useSession } from '../api/session.ts';
import { Problem, Shape } from '../parts/page.tsx';
import { Outage } from './outage.tsx';

/** Loads the user and the vendors. The frame is drawn meanwhile, and `WithSession` shows a page as soon as they are known. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const who = api.useQuery('get', '/api/ehr/session');
  // The API reads the registry only when it starts, so one read is enough.
  const providersQuery = api.useQuery('get', '/api/ehr/providers', {}, { refetchInterval: false });
  const key = who.data?.data;
  const providers = providersQuery.data?.data;

  const session = useMemo<Session | undefined>(() => {
    if (!key || !providers) return undefined;
    const { role, personRole } = key;
    const isOperator = role === 'operator';
    const rights = { isOperator, isAdmin: isOperator && personRole !== 'operator', mayChange: personRole !== 'viewer' };
    return { key, ...rights, providers };
  }, [key, providers]);

  const error = who.error ?? providersQuery.error;
  const loaded = useMemo(() => ({ session, error }), [session, error]);
  return <SessionContext value={loaded}>{children}</SessionContext>;
}

/** Shows a page when the session is loaded. */
export function WithSession({ children }: { readonly children: ReactNode }) {
  const { session, error } = useContext(SessionContext);
  if (session) return children;
  if (isUnavailable(error)) return <Outage />;
  return error ? <Problem error={error} /> : <Shape />;
}

interface WithProviderProps {
  readonly id: string;
  readonly children: (provider: Provider) => ReactNode;
}

/** For what needs the registry entry of a vendor. */
export function WithProvider({ id, children }: WithProviderProps) {
  const provider = useSession().providers.find((candidate) => candidate.id === id);
  return provider
    ? children(provider)
    : `The vendor ${id} is not in the provider registry. Add it, and restart the API.`;
}
