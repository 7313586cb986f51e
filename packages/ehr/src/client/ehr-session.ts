import type { AppError } from '@bulkhead/base';
import type { EhrConnection } from '../providers/index.ts';
import {
  connectionBudgets,
  egressRules,
  ehrOrigins,
  isAllowedEndpoint,
  type Provider,
  type ProviderRegistry,
} from '../providers/index.ts';
import type { EhrResponse } from './answers/accept-answer.ts';
import { ehrError } from './errors.ts';
import type { EhrRequest } from './http/ehr-axios.ts';
import type { EhrHttp } from './http/ehr-http.ts';
import { EhrHttpError, isAboutScopes } from './http/ehr-http-error.ts';
import type { AccessTokenSource } from './oauth/access-token.source.ts';
import { type Token, toSaved } from './oauth/shared-token.ts';
import { type CodeRedemption, redeemCode, revokeToken, type TokenEndpointDeps } from './oauth/token-request.ts';

export type SessionRequest = Omit<EhrRequest, 'connection' | 'budget' | 'egress' | 'trusted'> & {
  /** False for links with `requiresAccessToken: false`, because signed URLs reject requests with a token. */
  readonly sendToken: boolean;
  /**
   * Whether a request without the token is repeated once with it if the EHR refuses it and is at an origin that gets the token
   * anyway. Some servers say that their files need no token and refuse them without one.
   */
  readonly tokenIfRefused?: boolean;
};

export type EhrSession = ReturnType<typeof createEhrSession>;

/** Sends requests of one connection with its budgets and its token. A refused token is renewed once before the request fails. */
export function createEhrSession(options: {
  readonly connection: EhrConnection;
  readonly registry: ProviderRegistry;
  readonly http: EhrHttp;
  readonly tokens: AccessTokenSource;
  readonly endpoints: TokenEndpointDeps;
}) {
  const { connection, registry, http, tokens, endpoints } = options;
  let rules = rulesOf(connection, registry.get(connection.provider));
  /** The rules of the provider as they are now: an operator can change its entry during a long download. */
  const current = () => {
    const provider = registry.get(connection.provider);
    if (provider !== rules.provider) rules = rulesOf(connection, provider);
    return rules;
  };

  const sourceOf = ({ priority, signal }: Pick<SessionRequest, 'priority' | 'signal'>) => {
    const { provider, budget, tokenBudget, egress } = current();
    return { connection, provider, budget, tokenBudget, egress, priority, signal };
  };
  const sendWith = (request: SessionRequest, accessToken: string | undefined) => {
    const authorization = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
    const { budget, egress, trusted } = current();
    return http.send({
      ...request,
      connection,
      budget,
      egress,
      trusted,
      headers: { ...request.headers, ...authorization },
    });
  };
  type Source = ReturnType<typeof sourceOf>;
  /** @throws the error if a new token would not help */
  const renewed = async (options: {
    readonly token: Token;
    readonly requestedAt: number;
    readonly error: unknown;
    readonly source: Source;
  }): Promise<Token> => {
    const { token, requestedAt, error, source } = options;
    // The refused token was renewed after this request began, by this or another process. Another renewal would not help.
    if (token.issuedAt > requestedAt || !isUnauthorized(error) || isAboutScopes(error)) throw error;
    return tokens.renew({ ...source, refused: token.accessToken });
  };
  /** The token for a request that was refused without one. @throws the error if it may not be sent */
  const firstToken = async (options: {
    readonly request: SessionRequest;
    readonly error: unknown;
    readonly source: Source;
  }): Promise<Token> => {
    const { request, error, source } = options;
    const isAllowed = request.tokenIfRefused && current().trusted.has(new URL(request.url).origin);
    const token = isAllowed && isRefused(error) ? await tokens.get(source) : undefined;
    if (!token) throw error;
    return token;
  };
  return {
    connection,
    get provider() {
      return current().provider;
    },

    /** The scopes that the server granted to the current token. Undefined without a token, or if the server does not say. */
    grantedScope: () => tokens.grantedScope(connection),

    /** The scopes of the token of the next request. Undefined if the server does not say, or needs no token. */
    async readGrantedScope(signal: AbortSignal | undefined): Promise<string | undefined> {
      await tokens.get(sourceOf({ priority: 'kick-off', signal }));
      return tokens.grantedScope(connection);
    },

    /** Discovers the EHR's token endpoints again, also for the requests that follow, because a person tests when the EHR was mended. */
    discover(signal: AbortSignal) {
      endpoints.servers.forget(connection.fhirEndpoint);
      return endpoints.servers.find(sourceOf({ priority: 'interactive', signal }));
    },

    /** The EHR's token endpoints as discovered within the last hour. */
    findServer: (request: Pick<SessionRequest, 'priority' | 'signal'>) => endpoints.servers.find(sourceOf(request)),

    /** Requests a new token, even if there is one. @returns whether its response lacked the token type */
    async replaceToken(signal: AbortSignal): Promise<{ readonly isUntyped: boolean }> {
      const { isUntyped = false } = await tokens.replace(sourceOf({ priority: 'interactive', signal }));
      return { isUntyped };
    },

    /** Exchanges a user's code for tokens. The caller stores them. */
    async redeem(redemption: CodeRedemption, { priority }: Pick<SessionRequest, 'priority'>) {
      const granted = await redeemCode(endpoints, sourceOf({ priority }), redemption);
      return { grant: toSaved(granted), ...(granted.patient === undefined ? {} : { patient: granted.patient }) };
    },

    /** Revokes a token. @returns false if the EHR has no endpoint for that */
    revoke: (token: string): Promise<boolean> => revokeToken(endpoints, sourceOf({ priority: 'crawl' }), token),

    /** Whether the token may be sent to a URL. */
    mayHaveToken(url: string): boolean {
      const { trusted, resolve } = current();
      return trusted.has(new URL(resolve(url)).origin);
    },

    async send({ url, ...others }: SessionRequest): Promise<EhrResponse> {
      const { trusted, resolve } = current();
      const request = { ...others, url: resolve(url) };
      if (request.sendToken && !trusted.has(new URL(request.url).origin))
        throw notAllowed(request.url, connection.auth.method !== 'none');
      const source = sourceOf(request);
      let token = request.sendToken ? await tokens.get(source) : undefined;
      const requestedAt = performance.now();
      for (;;) {
        try {
          return await sendWith(request, token?.accessToken);
        } catch (error) {
          token = token
            ? await renewed({ token, requestedAt, error, source })
            : await firstToken({ request, error, source });
        }
      }
    },
  };
}

/** @throws AppError `endpoint-not-allowed` */
function rulesOf(connection: EhrConnection, provider: Provider) {
  // The registry may have allowed the host when the connection was created, and no longer does.
  if (!isAllowedEndpoint(connection.fhirEndpoint, provider)) {
    throw ehrError('endpoint-not-allowed', {
      message: `The provider ${provider.id} no longer allows the FHIR endpoint of the connection. Add its host to \`endpointHosts\` of the provider, or delete the connection.`,
      context: { host: new URL(connection.fhirEndpoint).host },
    });
  }
  return {
    provider,
    ...connectionBudgets(connection, provider),
    egress: egressRules(provider, connection),
    ...ehrOrigins(connection, provider),
  };
}

function notAllowed(url: string, hasToken: boolean): AppError {
  const { origin, host } = new URL(url);
  const message = `The EHR refers to ${origin}, and ${hasToken ? 'the access token' : 'such a request'} is only sent to the origin of its FHIR endpoint and to those that an operator allows. Nothing was sent. If this is a part of the EHR, add it to \`origins\` of the connection (PUT /api/ehr/connections/{id}/origins) or of the provider. If it is another name of the FHIR endpoint, add it to \`aliases\`.`;
  return ehrError('origin-not-allowed', { message, context: { host } });
}

function isRefused(error: unknown): boolean {
  return error instanceof EhrHttpError && (error.status === 401 || error.status === 403);
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof EhrHttpError && error.status === 401;
}
