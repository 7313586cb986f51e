import type { EhrConnection } from '../../providers/index.ts';
import type { EhrRequest } from '../http/ehr-axios.ts';
import { obtainOwn, obtainShared, type Token } from './shared-token.ts';
import { requestToken, type TokenEndpointDeps, type TokenRequest } from './token-request.ts';
import type { TokenOwner } from './token-store.ts';

export type AccessTokenSource = ReturnType<typeof createAccessTokenSource>;

/**
 * Access tokens by connection. The store keeps them for the whole cluster. A copy is kept in memory until shortly before it
 * expires, so that requests rarely read the database. A process sends one token request at a time per connection.
 *
 *   request --> token in memory --> token in the store --> token endpoint, by the process that holds the lease (shared-token.ts)
 */
export function createAccessTokenSource(deps: TokenEndpointDeps) {
  const tokens = new Map<string, Token>();
  const flights = new Map<string, Promise<Token>>();
  const obtain = (request: TokenRequest, refused?: string): Promise<Token> => {
    const key = keyOf(request.connection);
    const running = flights.get(key);
    if (running !== undefined) return running;
    // Other requests may wait for the same token, so the token request is not aborted with the request that started it.
    const requestGrant = (refreshToken: string | undefined) =>
      requestToken(deps, { ...request, signal: undefined }, refreshToken);
    const { connection } = request;
    const obtained =
      connection.exportScope === undefined
        ? obtainShared({ store: deps.tokenStore, owner: ownerOf(connection), refused, requestGrant })
        : obtainOwn(() => requestGrant(undefined));
    const flight = obtained
      .then((token) => {
        tokens.set(key, token);
        return token;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
  const findCached = (connection: EhrConnection, refused?: string): Token | undefined => {
    const token = tokens.get(keyOf(connection));
    return token && token.accessToken !== refused && performance.now() < token.renewAt ? token : undefined;
  };
  return {
    /** @returns undefined for a connection without authorization */
    async get(request: TokenRequest): Promise<Token | undefined> {
      if (request.connection.auth.method === 'none') return undefined;
      return findCached(request.connection) ?? unlessAborted(obtain(request), request.signal);
    },
    /** Replaces a token that the EHR refused by one that was renewed meanwhile, or by a new one. */
    async renew({ refused, ...request }: TokenRequest & { readonly refused: string }): Promise<Token> {
      const currentToken = findCached(request.connection, refused);
      if (currentToken) return currentToken;
      const token = await unlessAborted(obtain(request, refused), request.signal);
      // The token request was already running when the EHR refused this token, and did not know of the refusal.
      return token.accessToken === refused ? unlessAborted(obtain(request, refused), request.signal) : token;
    },
    /** Requests a new token even if there is one, because only a request shows whether the credentials are correct. */
    async replace(request: TokenRequest): Promise<Token> {
      const { token } = await deps.tokenStore.read(ownerOf(request.connection));
      tokens.delete(keyOf(request.connection));
      return unlessAborted(obtain(request, token?.accessToken), request.signal);
    },
    /** The scopes of the connection's current token. Undefined if none were requested and the server does not say which it has granted. */
    grantedScope: (connection: EhrConnection) => tokens.get(keyOf(connection))?.scope || undefined,
  };
}

function ownerOf({ id, credentialsVersion = 0 }: EhrConnection): TokenOwner {
  return { connectionId: id, credentialsVersion };
}

/** The key contains the version of the credentials, so that a token of earlier credentials is no longer found. */
function keyOf({ id, credentialsVersion = 0, exportScope = '' }: EhrConnection): string {
  return `${id}/${credentialsVersion}/${exportScope}`;
}

/** Stops waiting when the signal is aborted. */
function unlessAborted<Value>(promise: Promise<Value>, signal: EhrRequest['signal']): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
