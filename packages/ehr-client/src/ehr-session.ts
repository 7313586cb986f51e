import { type Connection, connectionBudgets, type ProviderRegistry } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import type { EhrResponse } from './answers/accept-answer.ts';
import { egressRules } from './egress/egress-guard.ts';
import type { EhrRequest } from './http/ehr-axios.ts';
import type { EhrHttp } from './http/ehr-http.ts';
import { EhrHttpError } from './http/ehr-http-error.ts';
import type { AccessTokenSource } from './oauth/access-token.source.ts';
import { discoverServer } from './oauth/authorization-server.ts';
import { toSaved } from './oauth/shared-token.ts';
import { type CodeRedemption, redeemCode, revokeToken, type TokenEndpointDeps } from './oauth/token-request.ts';
import type { SavedGrant } from './oauth/token-store.ts';

export type SessionRequest = Omit<EhrRequest, 'connection' | 'budget' | 'egress'> & {
  /** False for links that say `requiresAccessToken: false`: signed URLs reject a token. */
  readonly sendToken: boolean;
};

export type EhrSession = ReturnType<typeof createEhrSession>;

/** Requests of one connection: its budgets, its token, one renewal where the token is refused, then a clear stop. */
export function createEhrSession(options: {
  readonly connection: Connection;
  readonly registry: ProviderRegistry;
  readonly http: EhrHttp;
  readonly tokens: AccessTokenSource;
  readonly endpoints: TokenEndpointDeps;
}) {
  const { connection, registry, http, tokens, endpoints } = options;
  const provider = registry.get(connection.provider);
  const { budget, tokenBudget } = connectionBudgets({ connection, provider });
  const egress = egressRules(provider);
  const fhirOrigin = new URL(connection.fhirEndpoint).origin;

  const sourceOf = ({ priority, signal }: Pick<SessionRequest, 'priority' | 'signal'>) => {
    return { connection, provider, budget, tokenBudget, egress, priority, signal };
  };
  const sendWith = (request: SessionRequest, accessToken: string | undefined) => {
    const authorization = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
    return http.send({ ...request, connection, budget, egress, headers: { ...request.headers, ...authorization } });
  };
  return {
    connection,
    provider,

    /** The scopes of the token in use, as the server granted them; undefined where there is none or it does not say. */
    grantedScope: () => tokens.grantedScope(connection),

    /** The scopes of the token that the next request is sent with; undefined if the server does not say, or needs no token. */
    async readGrantedScope(signal: AbortSignal): Promise<string | undefined> {
      await tokens.get(sourceOf({ priority: 'kick-off', signal }));
      return tokens.grantedScope(connection);
    },

    /** Where the EHR gives tokens out, asked anew. */
    discover: (signal: AbortSignal) => discoverServer({ http, request: sourceOf({ priority: 'interactive', signal }) }),

    /** The same, as it was discovered within the last hour. */
    findServer: (request: Pick<SessionRequest, 'priority' | 'signal'>) => endpoints.servers.find(sourceOf(request)),

    /** Asks for a new token, whatever is kept. */
    async replaceToken(signal: AbortSignal): Promise<void> {
      await tokens.replace(sourceOf({ priority: 'interactive', signal }));
    },

    /** A user's code for tokens; whoever asks stores them. */
    async redeem(
      redemption: CodeRedemption,
      { priority }: Pick<SessionRequest, 'priority'>,
    ): Promise<{ readonly grant: SavedGrant; readonly patient?: string }> {
      const granted = await redeemCode(endpoints, sourceOf({ priority }), redemption);
      return { grant: toSaved(granted), ...(granted.patient === undefined ? {} : { patient: granted.patient }) };
    },

    /** Takes a token back. @returns false where the EHR has no address for that. */
    revoke: (token: string): Promise<boolean> => revokeToken(endpoints, sourceOf({ priority: 'crawl' }), token),

    async send(request: SessionRequest): Promise<EhrResponse> {
      const { origin } = new URL(request.url);
      if (request.sendToken && origin !== fhirOrigin) throw foreignHost(request.url);
      const source = sourceOf(request);
      let token = request.sendToken ? await tokens.get(source) : undefined;
      const askedAt = performance.now();
      for (;;) {
        try {
          return await sendWith(request, token?.accessToken);
        } catch (error) {
          // Refused although it was renewed since, by whomever: another token will not do either.
          if (!token || token.issuedAt > askedAt || !isUnauthorized(error)) throw error;
          token = await tokens.renew({ ...source, refused: token.accessToken });
        }
      }
    },
  };
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof EhrHttpError && error.status === 401;
}

function foreignHost(url: string): AppError {
  return new AppError({
    code: 'token-for-foreign-host',
    message: 'The EHR asks for the access token at another host than its FHIR endpoint. It was not sent.',
    retry: 'never',
    context: { host: new URL(url).host },
  });
}
