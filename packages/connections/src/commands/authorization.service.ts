import { hashOf, newId, newSecret } from '@bulkhead/access';
import { type Connection, type Provider, type ProviderRegistry, withoutTrailingSlashes } from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import { AppError, type RetryAdvice, unavailable, waitUntil } from '@bulkhead/runtime';
import type { AuthorizationRequest } from '../authorization-request.record.ts';
import type { ConnectionStore } from '../store.ts';
import { type AuthorizeBody, authorizationUrl, type CallbackQuery } from './authorization.schema.ts';
import type { ConnectionService } from './connection.service.ts';
import { newConnection } from './new-connection.ts';

/** A user has to log in and read what is asked; RFC 6749 4.1.2 gives a code 10 minutes at most as well. */
const lifetimeMs = 10 * 60_000;
/** Discovery and redemption are a request or two each. */
const waitMs = 15_000;

/** How a browser that set out is known when it comes back. */
export interface BrowserBinding {
  readonly id: string;
  readonly secret: string;
  readonly maxAgeSeconds: number;
  /** Whether the callback comes by https, so that the cookie may ask for it. */
  readonly isSecure: boolean;
}

export interface Departure {
  readonly redirectTo: string;
  readonly browser: BrowserBinding;
}

export interface AuthorizationPlace {
  readonly provider: string;
  /** The connection that was to be authorized; a new one is there only when it was. */
  readonly connectionId?: string;
  readonly isDone: boolean;
}

export type AuthorizationService = ReturnType<typeof createAuthorizationService>;

/**
 * The authorization code flow of SMART App Launch 2.2 with PKCE. The API keeps the records and sends browsers on; workers ask
 * the EHR.
 */
export function createAuthorizationService(options: {
  readonly store: ConnectionStore;
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly connections: ConnectionService;
}) {
  const { store, producer, registry, connections } = options;

  const connectionFor = async (provider: Provider, body: AuthorizeBody): Promise<Connection> => {
    const { connectionId, scope, clientId, clientSecret, ...about } = body;
    // Only operators authorize, and theirs are all connections.
    if (connectionId !== undefined) return connections.find({ provider: provider.id, id: connectionId, scope: 'all' });
    const auth = { method: 'authorization_code', scope, clientId, clientSecret } as const;
    return newConnection({ body: { provider: provider.id, ...about, schedule: false, auth }, provider });
  };

  /** Stores a request. @returns what starts it, once. */
  const begin = async (options: {
    readonly provider: Provider;
    readonly connection: Connection;
    readonly isNew: boolean;
    readonly kind: AuthorizationRequest['kind'];
  }) => {
    const { provider, connection, isNew, kind } = options;
    const { auth, fhirEndpoint } = connection;
    if (auth.method !== 'authorization_code') throw authorizationError('not-authorizable');
    const { redirectUri } = provider;
    if (redirectUri === undefined) throw noRedirectUri(provider.id);
    const secret = newSecret();
    const request: AuthorizationRequest = {
      id: newId('auth'),
      provider: provider.id,
      kind,
      ...(isNew ? {} : { connectionId: connection.id }),
      redirectUri,
      clientId: auth.clientId,
      scope: auth.scope,
      fhirEndpoint,
      phase: 'created',
      expiresAt: new Date(Date.now() + lifetimeMs),
    };
    const { needsAuthorization: _, ...draft } = connection;
    await store.authorizationRequests.insert({
      request,
      secrets: isNew ? { draft } : {},
      startHash: hashOf(secret),
    });
    return { id: request.id, secret };
  };

  const beginStandalone = async (options: {
    readonly provider: Provider;
    readonly body: AuthorizeBody;
    readonly kind: 'operator' | 'invitation';
  }) => {
    const { provider, body, kind } = options;
    const connection = await connectionFor(provider, body);
    return begin({ provider, connection, isNew: body.connectionId === undefined, kind });
  };

  /** Sends a browser to the EHR: it is known from now on by a cookie of this request alone. */
  const depart = async (start: {
    readonly id: string;
    readonly secret: string;
    readonly launch?: string;
  }): Promise<Departure> => {
    const { id, secret, launch } = start;
    const startHash = hashOf(secret);
    const { endpoints, ...request } = await prepared(id);
    const [state, browser, verifier] = [newSecret(), newSecret(), newSecret()];
    const isFirst = await store.authorizationRequests.start({
      id,
      startHash,
      stateHash: hashOf(state),
      browserHash: hashOf(browser),
      verifier,
      now: new Date(),
    });
    if (!isFirst) throw authorizationError('authorization-used');
    return {
      redirectTo: authorizationUrl({ request, endpoints, state: `${id}.${state}`, verifier, launch }),
      browser: {
        id,
        secret: browser,
        maxAgeSeconds: lifetimeMs / 1000,
        isSecure: isSecure(request),
      },
    };
  };

  const prepared = async (id: string) => {
    const request = await store.authorizationRequests.find(id);
    if (request?.phase !== 'created') throw authorizationError('authorization-used');
    await enqueue('authorization.prepare', id);
    const ready = await waitUntil(async () => {
      const now = await store.authorizationRequests.find(id);
      return now?.endpoints || now?.error ? now : undefined;
    }, waitMs);
    if (ready?.error) throw failed(ready.error);
    if (!ready?.endpoints) throw authorizationError('authorization-pending');
    return { ...ready, endpoints: ready.endpoints };
  };

  const enqueue = (name: 'authorization.prepare' | 'authorization.redeem', authorizationId: string) =>
    producer.ensure(name, { authorizationId }).catch((cause: unknown) => {
      throw unavailable(cause);
    });

  return {
    /** For a program: an address that a user opens in a browser, once. */
    async invite({ provider: id, body }: { readonly provider: string; readonly body: AuthorizeBody }) {
      const provider = registry.get(id);
      const { id: requestId, secret } = await beginStandalone({ provider, body, kind: 'invitation' });
      const startUrl = new URL('authorize/start', provider.redirectUri);
      startUrl.searchParams.set('token', `${requestId}.${secret}`);
      return { startUrl: startUrl.href, expiresAt: new Date(Date.now() + lifetimeMs).toISOString() };
    },

    /** For an operator's own browser. */
    async authorize({ provider: id, body }: { readonly provider: string; readonly body: AuthorizeBody }) {
      return depart(await beginStandalone({ provider: registry.get(id), body, kind: 'operator' }));
    },

    /** @param token of an invitation. */
    start: (token: string): Promise<Departure> => depart(split(token)),

    /** For a browser that an EHR sends: only an EHR of the registry is asked anything. */
    async launch(options: { readonly provider: string; readonly iss: string; readonly launch: string }) {
      const { iss, launch } = options;
      const provider = registry.get(options.provider);
      const environment = environmentOf(provider, iss);
      // In an EHR launch the patient is the one that the EHR shows, not one to be chosen.
      const scopes = provider.authorizationScope?.split(' ').filter((one) => one !== 'launch/patient');
      const scope = scopes && ['launch', ...scopes].join(' ');
      const connection = await connectionFor(provider, { environment, scope });
      return depart({ ...(await begin({ provider, connection, isNew: true, kind: 'launch' })), launch });
    },

    /** The request that an answer is for; its cookie has to be the one of the browser that set out. */
    requestOf: ({ state }: Pick<CallbackQuery, 'state'>): string => split(state).id,

    /** What decides about the name of that cookie. A request that does not exist has none, whatever its name. */
    async bindingOf({ state }: Pick<CallbackQuery, 'state'>): Promise<Pick<BrowserBinding, 'id' | 'isSecure'>> {
      const { id } = split(state);
      const request = await store.authorizationRequests.find(id);
      return { id, isSecure: request === undefined || isSecure(request) };
    },

    /** Where an operator was who has begun a request in their own browser. @returns undefined for one of anybody else */
    async placeOf(id: string): Promise<AuthorizationPlace | undefined> {
      const request = await store.authorizationRequests.find(id);
      if (request?.kind !== 'operator') return undefined;
      const { provider, result, connectionId = result?.connectionId } = request;
      return { provider, isDone: result !== undefined, ...(connectionId === undefined ? {} : { connectionId }) };
    },

    /** A browser is back. @returns the connection's id. */
    async finish(options: { readonly query: CallbackQuery; readonly browser: string | undefined }): Promise<string> {
      const { query, browser } = options;
      const { id, secret } = split(query.state);
      const { code, iss: issuer } = query;
      const answer = { ...(code === undefined ? {} : { code }), ...(issuer === undefined ? {} : { issuer }) };
      const hashes = { stateHash: hashOf(secret), browserHash: hashOf(browser ?? '') };
      const request = await store.authorizationRequests.takeBack({ id, ...hashes, answer, now: new Date() });
      if (!request) throw authorizationError('authorization-unknown');
      if (code === undefined) {
        const error = refusedByUser(query.error);
        await store.authorizationRequests.end({ id, error: { code: error.code, message: error.message } });
        throw error;
      }
      await enqueue('authorization.redeem', id);
      const ended = await waitUntil(async () => {
        const now = await store.authorizationRequests.find(id);
        return now?.result || now?.error ? now : undefined;
      }, waitMs);
      if (ended?.error) throw failed(ended.error);
      if (!ended?.result) throw authorizationError('authorization-pending');
      return ended.result.connectionId;
    },
  };
}

function isSecure({ redirectUri }: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  return redirectUri.startsWith('https:');
}

/** `<request id>.<secret>` */
function split(text: string): { readonly id: string; readonly secret: string } {
  const [id = '', secret = ''] = text.split('.');
  return { id, secret };
}

function environmentOf({ environments }: Provider, iss: string): string {
  const given = withoutTrailingSlashes(iss);
  const found = Object.entries(environments).find(([, { fhirEndpoint }]) => fhirEndpoint === given);
  if (found) return found[0];
  throw authorizationError('unknown-issuer');
}

function noRedirectUri(provider: string): AppError {
  const setting = provider === 'athenahealth' ? 'ATHENAHEALTH_REDIRECT_URI' : '`redirectUri` of its registry entry';
  return new AppError({
    code: 'redirect-uri-missing',
    message: `The provider has no redirect URI. Set ${setting} to https://<this API>/api/ehr/callback, as it is registered at the EHR.`,
    retry: 'never',
  });
}

function refusedByUser(error: string | undefined): AppError {
  const reason = error !== undefined && /^[a-z_]{1,50}$/.test(error) ? error : 'unknown';
  const why =
    reason === 'access_denied'
      ? 'whoever was asked there did not agree, or may not. Start again to ask once more.'
      : 'compare scopes and redirect URI with the registration, then start again.';
  return new AppError({
    code: 'authorization-refused',
    message: `The EHR did not authorize the application (${reason}): ${why}`,
    retry: 'never',
  });
}

function failed({ code, message }: { readonly code: string; readonly message: string }): AppError {
  return new AppError({
    code: 'authorization-failed',
    message: `${message} Then start the authorization again.`,
    retry: 'never',
    context: { reason: code },
  });
}

/** A worker that is busy or has just been started gets to it within this. */
const pendingMs = 30_000;

const errors = {
  'not-authorizable': { message: 'The connection does not use `authorization_code`: no user has to agree.' },
  'unknown-issuer': {
    message:
      'The launch comes from an EHR that is not in the provider registry. If it is right, add it as an environment.',
  },
  'authorization-used': {
    message: 'The address was opened before, or is older than ten minutes. Have a new one made.',
  },
  'authorization-unknown': {
    message:
      'This answer belongs to no authorization that this browser has begun and not ended yet. Start it again, with cookies allowed, and end it in the same browser within ten minutes.',
  },
  'authorization-pending': {
    message: 'No worker has asked the EHR yet. Look at the connections in a minute; if there is none, start again.',
    retry: { afterMs: pendingMs },
  },
} as const;

/** What keeps an authorization from going on, for the person at the browser. */
function authorizationError(code: keyof typeof errors): AppError {
  const { message, retry = 'never' }: { readonly message: string; readonly retry?: RetryAdvice } = errors[code];
  return new AppError({ code, message, retry });
}
