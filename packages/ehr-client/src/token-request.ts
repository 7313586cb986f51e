import type { ConnectionAuth } from '@bulkhead/domain';
import * as openid from 'openid-client';
import type { AuthorizationServerSource } from './authorization-server.source.ts';
import { checkEndpoint, type DiscoveryRequest } from './authorization-server.ts';
import { clientAuthentication, type SigningKeySource } from './client-authentication.ts';
import type { EhrHttp } from './ehr-http.ts';
import type { RateBudget } from './rate-limiter.ts';
import { toTokenError } from './token-error.ts';

export type TokenRequest = DiscoveryRequest & { readonly tokenBudget: RateBudget | undefined };

export interface TokenGrant {
  readonly accessToken: string;
  readonly lifetimeMs: number;
  readonly scope: string;
}

export interface TokenEndpointDeps {
  readonly http: EhrHttp;
  readonly servers: AuthorizationServerSource;
  readonly signingKeys: SigningKeySource;
}

type OAuth = Exclude<ConnectionAuth, { method: 'none' }>;

/** RFC 6749 4.4.3 only recommends `expires_in`; SMART Backend Services asks for at most 5 minutes where in doubt. */
const defaultLifetimeSeconds = 300;

/** One request at a connection's token endpoint. @throws AppError `token-refused`, `token-unavailable` */
export async function requestToken(deps: TokenEndpointDeps, request: TokenRequest): Promise<TokenGrant> {
  const { connection, egress, tokenBudget } = request;
  const auth = connection.auth as OAuth;
  const configuration = await configure(deps, { request, auth });
  try {
    const token = await deps.http.callTokenEndpoint({
      egress,
      budget: tokenBudget,
      call: (fetch) => {
        configuration[openid.customFetch] = fetch;
        return openid.clientCredentialsGrant(configuration, { scope: auth.scope });
      },
    });
    return toGrant({ token, askedScope: auth.scope });
  } catch (cause) {
    const error = await toTokenError({ connection, cause });
    // It may have moved: what was discovered is not kept over a failure.
    if (error.code === 'token-unavailable') deps.servers.forget(connection.fhirEndpoint);
    throw error;
  }
}

/** An endpoint that the connection itself names is taken without asking the server: an operator has decided. */
async function configure(
  { servers, signingKeys }: TokenEndpointDeps,
  { request, auth }: { readonly request: TokenRequest; readonly auth: OAuth },
): Promise<openid.Configuration> {
  const server = auth.tokenEndpoint === undefined ? await servers.find(request) : undefined;
  const tokenEndpoint = auth.tokenEndpoint ?? server?.tokenEndpoint ?? '';
  checkEndpoint({ provider: request.provider, endpoint: tokenEndpoint });
  const metadata = { issuer: server?.issuer ?? request.connection.fhirEndpoint, token_endpoint: tokenEndpoint };
  const authentication = await clientAuthentication({ auth, tokenEndpoint, signingKeys });
  const configuration = new openid.Configuration(metadata, auth.clientId, {}, authentication);
  // Plain http is for the simulator: the registry's operator decides which endpoints exist.
  if (new URL(tokenEndpoint).protocol === 'http:') openid.allowInsecureRequests(configuration);
  return configuration;
}

function toGrant(options: { readonly token: openid.TokenEndpointResponse; readonly askedScope: string }): TokenGrant {
  const { token, askedScope } = options;
  return {
    accessToken: token.access_token,
    lifetimeMs: (token.expires_in ?? defaultLifetimeSeconds) * 1000,
    // RFC 6749 5.1: left out where it is what was asked for.
    scope: token.scope ?? askedScope,
  };
}
