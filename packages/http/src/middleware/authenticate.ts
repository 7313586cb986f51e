import { isClientToken, isMistyped } from '@bulkhead/access';
import type { ApiKeyService, BackendClientService, SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/base';
import type { Request, RequestHandler } from 'express';
import { requireSameOrigin, resumeSession } from '../browser/session.ts';
import { apiError, endedToken, mistyped, notBearer, unknownKey } from '../errors/errors.ts';
import type { Quota, RequestLimits } from '../limits/request-limits.ts';
import type { RefusedAttempts } from '../refused-attempts.ts';
import { type Caller, callerOf, setCaller } from './caller-of.ts';

interface AuthenticateDeps {
  readonly apiKeys: ApiKeyService;
  readonly backendClients: BackendClientService;
  readonly sessions: SessionService;
  readonly refusedAttempts: RefusedAttempts;
  readonly limits: RequestLimits;
}

/** Authenticates every request of the API by `Authorization: Bearer <key>`, or by the session cookie of a browser. */
export function authenticate(deps: AuthenticateDeps): RequestHandler {
  return async (request, response, next) => {
    const caller = await recognise(deps, request).catch(async (error: unknown) => {
      await countRefusal({ deps, request, error });
      throw error;
    });
    setCaller({ response, ...caller });
    next();
  };
}

async function recognise(deps: AuthenticateDeps, request: Request): Promise<Pick<Caller, 'apiKey' | 'via' | 'isHeld'>> {
  const { apiKeys, backendClients, sessions } = deps;
  const authorization = request.get('authorization');
  // If a request has a key, the key counts, even if a browser has added a cookie.
  if (authorization !== undefined) {
    const key = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    if (key === undefined) throw apiError('unauthenticated', { message: notBearer });
    if (isClientToken(key)) {
      const client = await backendClients.recognise(key);
      if (client) return { apiKey: client.principal, via: 'client', isHeld: client.isHeld };
      throw apiError('unauthenticated', { message: endedToken });
    }
    const apiKey = await apiKeys.recognise(key);
    if (apiKey)
      return { apiKey, via: 'api-key', isHeld: async () => (await apiKeys.recogniseById(apiKey.id)) !== undefined };
    throw apiError('unauthenticated', { message: isMistyped(key) ? mistyped : unknownKey });
  }
  // A stream reconnects every five minutes without the user, so the session of an open page would never time out.
  const isActivity = !request.path.endsWith('/events');
  const apiKey = await resumeSession({ sessions, request, isActivity });
  if (!apiKey) throw apiError('unauthenticated');
  requireSameOrigin(request);
  const isHeld = async () => (await resumeSession({ sessions, request, isActivity: false })) !== undefined;
  return { apiKey, via: 'session', isHeld };
}

/** Only refusals count. An outage does not. */
async function countRefusal(options: {
  readonly deps: AuthenticateDeps;
  readonly request: Request;
  readonly error: unknown;
}): Promise<void> {
  const { deps, request, error } = options;
  if (!(error instanceof AppError)) return;
  const { keyId } = error.context as { keyId?: string };
  const { ip: address = '' } = request;
  deps.refusedAttempts.note({ action: 'authenticate', address, code: error.code, keyId });
  await deps.limits.countRefusal(address);
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
function toRateLimitHeaders({ limit, left, windowSeconds, restMs }: Quota) {
  return {
    'RateLimit-Policy': `"default";q=${limit};w=${windowSeconds}`,
    RateLimit: `"default";r=${left};t=${Math.ceil(restMs / 1000)}`,
  };
}

/** Counts a request against the limit of its key. Requests of a session count against the key of the session. */
export function limitRequests({ limits }: { readonly limits: RequestLimits }): RequestHandler {
  return async (_request, response, next) => {
    await limits.countRequest(callerOf(response).apiKey, (quota) => response.set(toRateLimitHeaders(quota)));
    next();
  };
}
