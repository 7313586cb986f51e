import { AppError } from '@bulkhead/base';
import * as openid from 'openid-client';
import { type AuthorizationEndpoints, type ConnectionAuth, requestedScope } from '../../providers/index.ts';
import type { RateBudget } from '../../rate-limiter/index.ts';
import { ehrError } from '../errors.ts';
import type { EhrHttp } from '../http/ehr-http.ts';
import type { EhrObserver, TokenOutcome } from '../http/ehr-observer.ts';
import { isUntyped, type TokenAnswer } from '../http/token-endpoint.ts';
import { type AuthorizationServerSource, checkEndpoint, type DiscoveryRequest } from './authorization-server.ts';
import { clientAuthentication, differsEncoded, type SigningKeySource } from './client-authentication.ts';
import { toTokenError } from './token-error.ts';
import type { TokenOwner, TokenStore } from './token-store.ts';

export type TokenRequest = DiscoveryRequest & { readonly tokenBudget: RateBudget | undefined };

export interface TokenGrant {
  readonly accessToken: string;
  readonly lifetimeMs: number;
  readonly scope: string;
  readonly refreshToken?: string;
  /** See `isUntyped` in token-endpoint.ts. */
  readonly isUntyped?: true;
  /** The launch context, which is a FHIR id. */
  readonly patient?: string;
}

/** The result of a user's authorization in a browser, and the values with which it was started. */
export interface CodeRedemption {
  readonly code: string;
  /** The issuer that the authorization response names. */
  readonly issuer: string | undefined;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly endpoints: AuthorizationEndpoints;
}

export interface TokenEndpointDeps {
  readonly http: EhrHttp;
  readonly servers: AuthorizationServerSource;
  readonly signingKeys: SigningKeySource;
  readonly tokenStore: TokenStore;
  readonly observer: EhrObserver;
}

type OAuth = Exclude<ConnectionAuth, { method: 'none' }>;

/** RFC 6749, section 4.4.3, only recommends `expires_in`. In doubt, SMART Backend Services requires at most 5 minutes. */
const defaultLifetimeSeconds = 300;

/**
 * Sends one request to a connection's token endpoint.
 * @param refreshToken the refresh token, for a connection with a user's authorization
 * @throws AppError `token-refused`, `token-unavailable`, `authorization-needed`
 */
export async function requestToken(deps: TokenEndpointDeps, request: TokenRequest, refreshToken: string | undefined) {
  const report = (outcome: TokenOutcome, grant: Pick<TokenGrant, 'isUntyped'> = {}) =>
    deps.observer.tokenRequested({
      provider: request.connection.provider,
      outcome,
      ...(grant.isUntyped ? { isUntyped: true } : {}),
    });
  try {
    const grant = await sendTokenRequest(deps, request, refreshToken);
    report('renewed', grant);
    return grant;
  } catch (error) {
    report(outcomeOf(error));
    throw error;
  }
}

async function sendTokenRequest(deps: TokenEndpointDeps, request: TokenRequest, refreshToken: string | undefined) {
  const auth = request.connection.auth as OAuth;
  if (auth.method !== 'authorization_code') {
    const scope = requestedScope(request.connection);
    return callWith(deps, request, (configuration) =>
      openid.clientCredentialsGrant(configuration, scope === '' ? {} : { scope }),
    );
  }
  if (refreshToken === undefined) throw ehrError('authorization-needed');
  try {
    const grant = await callWith(deps, request, (configuration) =>
      openid.refreshTokenGrant(configuration, refreshToken),
    );
    // RFC 6749, section 6: without a new refresh token, the old one remains valid.
    return { refreshToken, ...grant };
  } catch (error) {
    const isOver = error instanceof AppError && error.context.reason === 'invalid_grant';
    throw isOver ? ehrError('authorization-needed') : error;
  }
}

function outcomeOf(error: unknown): TokenOutcome {
  const code = error instanceof AppError ? error.code : undefined;
  if (code === 'authorization-needed') return code;
  return code === 'token-refused' ? 'refused' : 'unavailable';
}

/** Redeems a user's code (RFC 6749, section 4.1.3, with PKCE). @throws AppError as `requestToken`, `authorization-wrong-issuer` */
export async function redeemCode(deps: TokenEndpointDeps, request: TokenRequest, redemption: CodeRedemption) {
  const { code, verifier, redirectUri, endpoints, issuer } = redemption;
  // RFC 9207: the code of another server must not be sent to this one.
  const isNamed = issuer !== undefined && endpoints.issuer !== undefined;
  if ((isNamed && issuer !== endpoints.issuer) || (issuer === undefined && endpoints.namesIssuer))
    throw ehrError('authorization-wrong-issuer');
  const answer = new URL(redirectUri);
  answer.searchParams.set('code', code);
  if (isNamed) answer.searchParams.set('iss', issuer);
  return callWith(deps, request, (configuration) =>
    openid.authorizationCodeGrant(configuration, answer, { pkceCodeVerifier: verifier }),
  );
}

/** Revokes a token at the EHR (RFC 7009). @returns false if it has no endpoint for that */
export async function revokeToken(deps: TokenEndpointDeps, request: TokenRequest, token: string): Promise<boolean> {
  const server = await deps.servers.find(request);
  const { revocationEndpoint, tokenEndpoint } = server;
  // The request contains the client secret, which stays at the origin of the token endpoint.
  if (revocationEndpoint === undefined || !isSameOrigin(revocationEndpoint, tokenEndpoint)) return false;
  const isRaw = rawSecrets.has(keyOf(request));
  const auth = request.connection.auth as OAuth;
  const configuration = await configure(deps, { request, auth, isRaw, revocationEndpoint });
  await call(deps, { request, configuration, run: () => openid.tokenRevocation(configuration, token) });
  return true;
}

async function callWith(
  deps: TokenEndpointDeps,
  request: TokenRequest,
  sendGrant: (configuration: openid.Configuration) => Promise<openid.TokenEndpointResponse>,
): Promise<TokenGrant> {
  const auth = request.connection.auth as OAuth;
  const key = keyOf(request);
  const isRaw = rawSecrets.has(key);
  try {
    return await sendGrantWith(deps, { request, sendGrant, isRaw });
  } catch (error) {
    // Gateways refuse with any body, also with none.
    const isRefused = error instanceof AppError && error.context.status === 401;
    if (!isRefused || isRaw || !differsEncoded(auth)) throw error;
    const grant = await sendGrantWith(deps, { request, sendGrant, isRaw: true }).catch(() => undefined);
    if (!grant) throw withForms(error);
    rawSecrets.add(key);
    return grant;
  }
}

function withForms({ code, message, retry, context, ehrText, cause }: AppError): AppError {
  const forms =
    'The client id and the secret were sent by HTTP Basic in two forms, encoded and as they are. If the EHR expects them in the body, choose that for the connection (`secretBy`).';
  return new AppError({ code, message: `${message} ${forms}`, retry, context, ehrText, cause });
}

/** The connections, with the version of their credentials, whose servers do not decode HTTP Basic. Each process finds out once. */
const rawSecrets = new Set<string>();

function keyOf(request: TokenRequest): string {
  const { connectionId, credentialsVersion } = ownerOf(request);
  return `${connectionId}/${credentialsVersion}`;
}

function ownerOf({ connection: { id, credentialsVersion = 0 } }: TokenRequest): TokenOwner {
  return { connectionId: id, credentialsVersion };
}

function isSameOrigin(url: string, other: string): boolean {
  return new URL(url).origin === new URL(other).origin;
}

async function sendGrantWith(
  deps: TokenEndpointDeps,
  options: {
    readonly request: TokenRequest;
    readonly sendGrant: (configuration: openid.Configuration) => Promise<openid.TokenEndpointResponse>;
    readonly isRaw: boolean;
  },
): Promise<TokenGrant> {
  const { request, sendGrant, isRaw } = options;
  const auth = request.connection.auth as OAuth;
  const configuration = await configure(deps, { request, auth, isRaw });
  let answer: TokenAnswer | undefined;
  const onAnswer = (last: TokenAnswer) => {
    answer = last;
  };
  const token = await call(deps, { request, configuration, run: () => sendGrant(configuration), onAnswer });
  return {
    ...toGrant(token, requestedScope(request.connection)),
    ...(answer && isUntyped(answer) ? { isUntyped: true } : {}),
  };
}

async function call<Value>(
  { http, servers }: TokenEndpointDeps,
  options: {
    readonly request: TokenRequest;
    readonly configuration: openid.Configuration;
    readonly run: () => Promise<Value>;
    readonly onAnswer?: (answer: TokenAnswer) => void;
  },
): Promise<Value> {
  const { request, configuration, run } = options;
  const { connection, egress, priority, tokenBudget: budget } = request;
  let answer: TokenAnswer | undefined;
  try {
    return await http.callTokenEndpoint({
      provider: connection.provider,
      egress,
      budget,
      priority,
      onAnswer: (last) => {
        answer = last;
        options.onAnswer?.(last);
      },
      call: (fetch) => {
        configuration[openid.customFetch] = fetch;
        return run();
      },
    });
  } catch (cause) {
    const error = await toTokenError({ connection, cause, answer });
    // The endpoint may have moved, so the discovered endpoints are discarded after a failure.
    if (error.code === 'token-unavailable') servers.forget(connection.fhirEndpoint);
    throw error;
  }
}

/** An endpoint in the connection's own settings is used without discovery, because an operator has chosen it. */
async function configure(
  { servers, signingKeys, tokenStore }: TokenEndpointDeps,
  options: {
    readonly request: TokenRequest;
    readonly auth: OAuth;
    readonly isRaw: boolean;
    readonly revocationEndpoint?: string;
  },
): Promise<openid.Configuration> {
  const { request, auth, isRaw, revocationEndpoint } = options;
  const server = auth.tokenEndpoint === undefined ? await servers.find(request) : undefined;
  const tokenEndpoint = auth.tokenEndpoint ?? server?.tokenEndpoint ?? '';
  checkEndpoint(request, tokenEndpoint);
  if ('clientSecret' in auth) {
    const { origin } = new URL(tokenEndpoint);
    const bound = await tokenStore.bindSecret({ ...ownerOf(request), origin });
    if (bound !== origin) throw moved(bound, origin);
  }
  const metadata = {
    issuer: server?.issuer ?? request.connection.fhirEndpoint,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
  };
  const authentication = await clientAuthentication({ auth, tokenEndpoint, signingKeys, isRaw });
  const configuration = new openid.Configuration(metadata, auth.clientId, {}, authentication);
  // Plain http is for the simulator. The operator of the registry decides which endpoints exist.
  if (new URL(tokenEndpoint).protocol === 'http:') openid.allowInsecureRequests(configuration);
  return configuration;
}

function moved(bound: string, origin: string): AppError {
  const message = `The EHR names a token endpoint at ${origin} now. The client secret was used at ${bound} and is sent to no other origin, so nothing was sent. If the EHR has moved, replace the credentials of the connection (PUT /api/ehr/connections/{id}/credentials).`;
  return ehrError('token-endpoint-moved', { message, context: { host: new URL(origin).host } });
}

/** A scope for each operation on each type has 20 kB. The granted scopes are stored with the connection and with each export. */
const longestScope = 20_000;

/** Whole scopes only: a part of one would be another one. */
function shortened(scope: string): string {
  return scope.length <= longestScope ? scope : scope.slice(0, scope.lastIndexOf(' ', longestScope));
}

function toGrant(token: openid.TokenEndpointResponse, requestedScope: string): TokenGrant {
  return {
    accessToken: token.access_token,
    lifetimeMs: (token.expires_in ?? defaultLifetimeSeconds) * 1000,
    // RFC 6749, section 5.1: omitted if it equals the requested scope.
    scope: shortened(token.scope ?? requestedScope),
    ...(token.refresh_token === undefined ? {} : { refreshToken: token.refresh_token }),
    // SMART App Launch 2.2, "Launch context arrives with your access token".
    ...(typeof token.patient === 'string' ? { patient: token.patient } : {}),
  };
}
