import { AppError, type Connection } from '@bulkhead/domain';
import * as openid from 'openid-client';
import { egressRefusal } from './egress-guard.ts';
import type { EhrHttp, EhrRequest } from './ehr-http.ts';
import { discoverTokenEndpoint } from './smart-configuration.ts';

type TokenRequest = Pick<EhrRequest, 'connection' | 'budget' | 'egress' | 'priority'>;

interface CachedToken {
  /** Infinity while the token is on its way. */
  renewAt: number;
  readonly accessToken: Promise<string>;
  scope?: string | undefined;
}

export interface AccessTokenSource {
  /** @returns undefined for a connection without authorization. */
  get(request: TokenRequest & Pick<EhrRequest, 'signal'>): Promise<string | undefined>;
  /** The scopes of the connection's last token. */
  grantedScope(connectionId: string): string | undefined;
  /** Forgets a token that the EHR refused, unless a newer one has taken its place. */
  invalidate(options: { readonly connectionId: string; readonly accessToken: string }): Promise<void>;
}

/** A token must outlive the request it is sent with. */
const renewBeforeExpiryMs = 60_000;
/** RFC 6749 4.4.3 only recommends `expires_in`; SMART Backend Services asks for at most 5 minutes where in doubt. */
const defaultLifetimeSeconds = 300;

/** Access tokens by connection, one request at a time for each (single flight), kept in memory until shortly before expiry. */
export function createAccessTokenSource({ http }: { readonly http: EhrHttp }): AccessTokenSource {
  const tokens = new Map<string, CachedToken>();
  const start = (request: TokenRequest): CachedToken => {
    const { id } = request.connection;
    const token: CachedToken = {
      renewAt: Number.POSITIVE_INFINITY,
      accessToken: requestToken({ http, request }).then(
        ({ accessToken, lifetimeMs, scope }) => {
          token.scope = scope;
          token.renewAt = Date.now() + Math.max(lifetimeMs - renewBeforeExpiryMs, lifetimeMs / 2);
          return accessToken;
        },
        (error: unknown) => {
          if (tokens.get(id) === token) tokens.delete(id);
          throw error;
        },
      ),
    };
    tokens.set(id, token);
    return token;
  };
  return {
    async get({ signal, ...request }) {
      const { connection } = request;
      if (connection.auth.method === 'none') return undefined;
      const cached = tokens.get(connection.id);
      const token = cached && Date.now() < cached.renewAt ? cached : start(request);
      return unlessAborted(token.accessToken, signal);
    },
    grantedScope: (connectionId) => tokens.get(connectionId)?.scope,
    async invalidate({ connectionId, accessToken }) {
      const cached = tokens.get(connectionId);
      if (cached && (await cached.accessToken) === accessToken && tokens.get(connectionId) === cached) {
        tokens.delete(connectionId);
      }
    },
  };
}

/** Whoever is cancelled stops waiting; the request for the token goes on, as others may wait for the same one. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function requestToken({ http, request }: { http: EhrHttp; request: TokenRequest }) {
  const { connection } = request;
  const { auth } = connection;
  if (auth.method !== 'client_credentials') throw new Error(`no token for ${auth.method}`);
  const tokenEndpoint = auth.tokenEndpoint ?? (await discoverTokenEndpoint({ http, request }));
  const server = { issuer: connection.fhirEndpoint, token_endpoint: tokenEndpoint };
  const configuration = new openid.Configuration(
    server,
    auth.clientId,
    {},
    openid.ClientSecretBasic(auth.clientSecret),
  );
  // Plain http is for the simulator: the registry's operator decides which endpoints exist.
  if (new URL(tokenEndpoint).protocol === 'http:') openid.allowInsecureRequests(configuration);
  configuration[openid.customFetch] = http.fetchFor(request.egress);
  try {
    const token = await openid.clientCredentialsGrant(configuration, { scope: auth.scope });
    return {
      accessToken: token.access_token,
      lifetimeMs: (token.expires_in ?? defaultLifetimeSeconds) * 1000,
      // RFC 6749 5.1: left out where it is what was asked for.
      scope: token.scope ?? auth.scope,
    };
  } catch (cause) {
    throw toTokenError({ connection, cause });
  }
}

function toTokenError({ connection, cause }: { connection: Connection; cause: unknown }): AppError {
  const refusal = egressRefusal(cause);
  if (refusal) return refusal;
  // A 401 with the challenge that RFC 6749 5.2 asks for has a class of its own in openid-client.
  const { status = 500 } =
    cause instanceof openid.ResponseBodyError || cause instanceof openid.WWWAuthenticateChallengeError ? cause : {};
  const refused = status < 500 && status !== 429;
  const context = { connectionId: connection.id, reason: (cause as { error?: string; code?: string }).error };
  if (refused) {
    return new AppError({
      code: 'token-refused',
      message: 'The EHR refused to issue an access token. Verify client id, client secret and scope of the connection.',
      retry: 'never',
      context,
    });
  }
  return new AppError({
    code: 'token-unavailable',
    message: "The EHR's token endpoint did not answer. It is tried again; if it lasts, verify the token endpoint.",
    // athenahealth issues 50 new tokens a minute (5 in preview) and then refuses to the end of the minute.
    retry: { afterMs: 60_000 },
    context,
  });
}
