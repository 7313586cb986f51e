import { type AppError, hashOf, newId, newSecret, present, throwUnavailable, waitUntil } from '@bulkhead/base';
import { type Provider, type ProviderRegistry, withoutTrailingSlashes } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { AuthorizationRequest } from '../authorization-request.record.ts';
import type { ConnectionStore } from '../connection.feature.ts';
import type { Connection, ConnectionWithoutSecrets } from '../connection.record.ts';
import { connectionError } from '../errors.ts';
import { prepareAuthorizationJob, redeemAuthorizationJob } from '../jobs.ts';
import { type AuthorizeBody, authorizationUrl, type CallbackQuery } from './authorization.schema.ts';
import type { ConnectionService } from './connection.service.ts';
import { newConnection } from './new-connection.ts';

/** A user must log in and read what the EHR asks. RFC 6749, 4.1.2, also lets a code live 10 minutes at most. */
const lifetimeMs = 10 * 60_000;
/** Discovery and redemption take one or two requests each. */
const waitMs = 15_000;

/** The cookie that recognises a browser when it comes back from the EHR. */
export interface BrowserBinding {
  readonly id: string;
  readonly secret: string;
  readonly maxAgeSeconds: number;
  /** Whether the callback uses https, so that the cookie may require it. */
  readonly isSecure: boolean;
}

export interface AuthorizationRedirect {
  readonly redirectTo: string;
  readonly browser: BrowserBinding;
}

export interface AuthorizationPlace {
  readonly provider: string;
  /** The connection that is authorized. For a new connection it is present only after the authorization has succeeded. */
  readonly connectionId?: string;
  readonly isDone: boolean;
}

/**
 * The authorization code flow of SMART App Launch 2.2 with PKCE. The API stores the records and redirects the browser. Only workers
 * send requests to the EHR.
 *
 *     browser       API                            worker                      EHR
 *        |-- start --> begin, then a job ----------> prepare ---- discovery --->|
 *        |<- redirect with a cookie (`redirectToEhr`)                                  |
 *        |-- the user logs in and agrees -------------------------------------->|
 *        |-- callback -> noteCallback, then a job -----> redeem --- code for token->|
 *        |<- the connection's id (`finish`)
 *
 * The `state` parameter names the request and carries a secret, and the cookie carries another one. A callback counts only if both
 * match, so a code that was obtained in another browser is refused.
 */
export class AuthorizationService {
  readonly #options;

  constructor(options: {
    readonly store: ConnectionStore;
    readonly producer: Producer;
    readonly registry: ProviderRegistry;
    readonly connections: ConnectionService;
  }) {
    this.#options = options;
  }

  /** Gives a program an address that a user opens in a browser. The address works once. */
  async invite({ provider: id, body }: { readonly provider: string; readonly body: AuthorizeBody }) {
    const provider = this.#options.registry.get(id);
    const { id: requestId, secret } = await this.#beginStandalone({ provider, body, kind: 'invitation' });
    const startUrl = new URL('authorize/start', provider.redirectUri);
    startUrl.searchParams.set('token', `${requestId}.${secret}`);
    return { startUrl: startUrl.href, expiresAt: new Date(Date.now() + lifetimeMs).toISOString() };
  }

  /** Sends an operator's own browser to the EHR. */
  async authorize({ provider: id, body }: { readonly provider: string; readonly body: AuthorizeBody }) {
    return this.#redirectToEhr(
      await this.#beginStandalone({ provider: this.#options.registry.get(id), body, kind: 'operator' }),
    );
  }

  /** @param token the token of an invitation */
  start(token: string): Promise<AuthorizationRedirect> {
    return this.#redirectToEhr(split(token));
  }

  /** Handles a browser that an EHR sends. Requests go only to EHRs of the provider registry. */
  async launch(options: { readonly provider: string; readonly iss: string; readonly launch: string }) {
    const { iss, launch } = options;
    const provider = this.#options.registry.get(options.provider);
    const environment = environmentOf(provider, iss);
    // In an EHR launch the EHR has already chosen the patient.
    const scopes = provider.authorizationScope?.split(' ').filter((name) => name !== 'launch/patient');
    const scope = scopes && ['launch', ...scopes].join(' ');
    const draft = await newDraft(provider, { environment, scope });
    return this.#redirectToEhr({
      ...(await this.#begin({ provider, connection: draft, draft, kind: 'launch' })),
      launch,
    });
  }

  /** The id of the request that a callback belongs to. Its cookie must be the one that was set when the browser started. */
  requestOf({ state }: Pick<CallbackQuery, 'state'>): string {
    return split(state).id;
  }

  /** The values that decide the name of that cookie. No cookie exists for an unknown request, so its name does not matter then. */
  async bindingOf({ state }: Pick<CallbackQuery, 'state'>): Promise<Pick<BrowserBinding, 'id' | 'isSecure'>> {
    const { id } = split(state);
    const request = await this.#options.store.authorizationRequests.find(id);
    return { id, isSecure: request === undefined || isSecure(request) };
  }

  /** The place in the console that an operator began a request from. @returns undefined if an operator did not begin it */
  async placeOf(id: string): Promise<AuthorizationPlace | undefined> {
    const request = await this.#options.store.authorizationRequests.find(id);
    if (request?.kind !== 'operator') return undefined;
    const { provider, result, connectionId = result?.connectionId } = request;
    return { provider, isDone: result !== undefined, ...(connectionId === undefined ? {} : { connectionId }) };
  }

  /** Handles the browser that came back from the EHR. @returns the connection's id */
  async finish(options: { readonly query: CallbackQuery; readonly browser: string | undefined }): Promise<string> {
    const { query, browser } = options;
    const { id, secret } = split(query.state);
    const { code, iss: issuer } = query;
    const answer = present({ code, issuer });
    const hashes = { stateHash: hashOf(secret), browserHash: hashOf(browser ?? '') };
    const request = await this.#options.store.authorizationRequests.noteCallback({
      id,
      ...hashes,
      answer,
      now: new Date(),
    });
    if (!request) throw connectionError('authorization-unknown');
    if (code === undefined) {
      const error = refusedByUser(query.error);
      await this.#options.store.authorizationRequests.end({ id, error: { code: error.code, message: error.message } });
      throw error;
    }
    await this.#enqueue(redeemAuthorizationJob, id);
    return (await this.#stored(id, 'result')).connectionId;
  }

  /** Stores a request. @returns its id and the secret that starts it once. */
  async #begin(options: {
    readonly provider: Provider;
    readonly connection: Connection | ConnectionWithoutSecrets;
    /** The same connection, if the authorization will create it. */
    readonly draft?: Connection | undefined;
    readonly kind: AuthorizationRequest['kind'];
  }) {
    const { provider, draft, connection, kind } = options;
    const { auth, fhirEndpoint } = connection;
    if (auth.method !== 'authorization_code') throw connectionError('not-authorizable');
    const { redirectUri } = provider;
    if (redirectUri === undefined) throw noRedirectUri(provider.id);
    const secret = newSecret();
    const request: AuthorizationRequest = {
      id: newId('auth'),
      provider: provider.id,
      kind,
      ...(draft ? {} : { connectionId: connection.id }),
      redirectUri,
      clientId: auth.clientId,
      scope: auth.scope,
      fhirEndpoint,
      phase: 'created',
      expiresAt: new Date(Date.now() + lifetimeMs),
    };
    await this.#options.store.authorizationRequests.insert({
      request,
      secrets: draft ? { draft } : {},
      startHash: hashOf(secret),
    });
    return { id: request.id, secret };
  }

  async #beginStandalone(options: {
    readonly provider: Provider;
    readonly body: AuthorizeBody;
    readonly kind: 'operator' | 'invitation';
  }) {
    const { provider, body, kind } = options;
    const { connectionId } = body;
    if (connectionId === undefined) {
      const draft = await newDraft(provider, body);
      return this.#begin({ provider, connection: draft, draft, kind });
    }
    // Only operators authorize, and they may use every connection.
    const connection = await this.#options.connections.find({ provider: provider.id, id: connectionId, scope: 'all' });
    return this.#begin({ provider, connection, kind });
  }

  /** Sends a browser to the EHR. From now on a cookie of this request recognises that browser. */
  async #redirectToEhr(start: {
    readonly id: string;
    readonly secret: string;
    readonly launch?: string;
  }): Promise<AuthorizationRedirect> {
    const { id, secret, launch } = start;
    const startHash = hashOf(secret);
    const { endpoints, ...request } = await this.#prepared(id);
    const [state, browser, verifier] = [newSecret(), newSecret(), newSecret()];
    const isFirst = await this.#options.store.authorizationRequests.start({
      id,
      startHash,
      stateHash: hashOf(state),
      browserHash: hashOf(browser),
      verifier,
      now: new Date(),
    });
    if (!isFirst) throw connectionError('authorization-used');
    return {
      redirectTo: authorizationUrl({ request, endpoints, state: `${id}.${state}`, verifier, launch }),
      browser: {
        id,
        secret: browser,
        maxAgeSeconds: lifetimeMs / 1000,
        isSecure: isSecure(request),
      },
    };
  }

  async #prepared(id: string) {
    const request = await this.#options.store.authorizationRequests.find(id);
    if (request?.phase !== 'created') throw connectionError('authorization-used');
    await this.#enqueue(prepareAuthorizationJob, id);
    return { ...request, endpoints: await this.#stored(id, 'endpoints') };
  }

  /** Waits until a worker has stored this part of a request. */
  async #stored<Part extends 'endpoints' | 'result'>(id: string, part: Part) {
    const request = await waitUntil(async () => {
      const now = await this.#options.store.authorizationRequests.find(id);
      return now?.[part] || now?.error ? now : undefined;
    }, waitMs);
    if (request?.error)
      throw connectionError('authorization-failed', {
        message: `${request.error.message} Then start the authorization again.`,
        context: { reason: request.error.code },
      });
    const value = request?.[part];
    if (!value) throw connectionError('authorization-pending');
    return value;
  }

  #enqueue(job: typeof prepareAuthorizationJob | typeof redeemAuthorizationJob, authorizationId: string) {
    return this.#options.producer.ensure(job, { authorizationId }).catch(throwUnavailable);
  }
}

/** A connection that the authorization will create. */
async function newDraft(provider: Provider, body: AuthorizeBody): Promise<Connection> {
  const { connectionId: _, scope, clientId, clientSecret, ...about } = body;
  const auth = { method: 'authorization_code', scope, clientId, clientSecret } as const;
  const { needsAuthorization: _needed, ...draft } = await newConnection(
    { provider: provider.id, ...about, auth },
    provider,
  );
  return draft;
}

function isSecure({ redirectUri }: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  return redirectUri.startsWith('https:');
}

/** `<request id>.<secret>` */
function split(text: string): { readonly id: string; readonly secret: string } {
  const [id = '', secret = ''] = text.split('.');
  return { id, secret };
}

/**
 * The environment whose endpoint an EHR names. athenahealth also launches from URLs of a brand, such as
 * `https://host/195900/brand/1/csg/2/fhir/r4`, which are at the origin of an endpoint and end with its path, or are below it.
 */
function environmentOf({ environments }: Provider, iss: string): string {
  const issuer = URL.parse(withoutTrailingSlashes(iss));
  const [match] = Object.entries(environments)
    .map(([name, { fhirEndpoint }]) => ({ name, endpoint: new URL(fhirEndpoint) }))
    .filter(({ endpoint }) => issuer && isAt(endpoint, issuer))
    // The longest path is that of the sandbox, below the one of production.
    .toSorted((left, right) => right.endpoint.pathname.length - left.endpoint.pathname.length);
  if (match) return match.name;
  throw connectionError('unknown-issuer');
}

function isAt(endpoint: URL, issuer: URL): boolean {
  const { pathname } = endpoint;
  const isPart = issuer.pathname.startsWith(`${pathname}/`) || issuer.pathname.endsWith(pathname);
  return (
    issuer.origin === endpoint.origin && issuer.username + issuer.password === '' && issuer.search === '' && isPart
  );
}

function noRedirectUri(provider: string): AppError {
  const setting = provider === 'athenahealth' ? 'ATHENAHEALTH_REDIRECT_URI' : '`redirectUri` of its registry entry';
  return connectionError('redirect-uri-missing', {
    message: `The provider has no redirect URI. Set ${setting} to https://<this API>/api/ehr/callback, the URL that is registered at the EHR.`,
  });
}

function refusedByUser(error: string | undefined): AppError {
  const reason = error !== undefined && /^[a-z_]{1,50}$/.test(error) ? error : 'unknown';
  const why =
    reason === 'access_denied'
      ? 'the user did not agree, or is not allowed to. Start the authorization again to ask once more.'
      : 'compare scopes and redirect URI with the registration at the EHR, then start the authorization again.';
  return connectionError('authorization-refused', {
    message: `The EHR did not authorize the application (${reason}): ${why}`,
  });
}
