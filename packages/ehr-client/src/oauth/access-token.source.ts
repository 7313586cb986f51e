import type { Connection } from '@bulkhead/providers';
import type { EhrRequest } from '../http/ehr-axios.ts';
import { obtainShared, type Token } from './shared-token.ts';
import { requestToken, type TokenEndpointDeps, type TokenRequest } from './token-request.ts';
import type { TokenOwner, TokenStore } from './token-store.ts';

export interface AccessTokenSource {
  /** @returns undefined for a connection without authorization. */
  get(request: TokenRequest): Promise<Token | undefined>;
  /** Another token in the place of one that the EHR refused: what somebody else has renewed meanwhile, or a new one. */
  renew(request: TokenRequest & { readonly refused: string }): Promise<Token>;
  /** A new token from the EHR, whatever is kept: whether the credentials are right shows nothing else. */
  replace(request: TokenRequest): Promise<Token>;
  /** The scopes of the connection's last token. */
  grantedScope(connection: Connection): string | undefined;
}

/**
 * Access tokens by connection. The store has them for the whole cluster; a copy is kept in memory until shortly before it
 * expires, so that not every request reads the database. In a process one request at a time is under way for each.
 */
export function createAccessTokenSource(
  deps: TokenEndpointDeps & { readonly tokenStore: TokenStore },
): AccessTokenSource {
  const tokens = new Map<string, Token>();
  const flights = new Map<string, Promise<Token>>();
  const obtain = (request: TokenRequest, refused?: string): Promise<Token> => {
    const key = keyOf(request.connection);
    const running = flights.get(key);
    if (running !== undefined) return running;
    // Others may wait for the same token, so the request for it does not end with the one that asked.
    const ask = (refreshToken: string | undefined) =>
      requestToken(deps, { ...request, signal: undefined }, refreshToken);
    const flight = obtainShared({ store: deps.tokenStore, owner: ownerOf(request.connection), refused, ask })
      .then((token) => {
        tokens.set(key, token);
        return token;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
  const kept = (connection: Connection, refused?: string): Token | undefined => {
    const token = tokens.get(keyOf(connection));
    return token && token.accessToken !== refused && performance.now() < token.renewAt ? token : undefined;
  };
  return {
    async get(request) {
      if (request.connection.auth.method === 'none') return undefined;
      return kept(request.connection) ?? unlessAborted(obtain(request), request.signal);
    },
    async renew({ refused, ...request }) {
      const other = kept(request.connection, refused);
      if (other) return other;
      const token = await unlessAborted(obtain(request, refused), request.signal);
      // It was under way when the refusal came, and did not know of it.
      return token.accessToken === refused ? unlessAborted(obtain(request, refused), request.signal) : token;
    },
    async replace(request) {
      const { token } = await deps.tokenStore.read(ownerOf(request.connection));
      tokens.delete(keyOf(request.connection));
      return unlessAborted(obtain(request, token?.accessToken), request.signal);
    },
    grantedScope: (connection) => tokens.get(keyOf(connection))?.scope,
  };
}

function ownerOf({ id, credentialsVersion = 0 }: Connection): TokenOwner {
  return { connectionId: id, credentialsVersion };
}

/** A token of earlier credentials is not found any more. */
function keyOf({ id, credentialsVersion = 0 }: Connection): string {
  return `${id}/${credentialsVersion}`;
}

/** Whoever is cancelled stops waiting. */
function unlessAborted<Value>(promise: Promise<Value>, signal: EhrRequest['signal']): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
