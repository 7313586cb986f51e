import type { ApiKeyService, SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/runtime';
import type { Request, RequestHandler } from 'express';
import { requireSameOrigin, resumeSession } from '../../browser/session.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { RefusedAttempts } from '../refused-attempts.ts';
import { type Caller, callerOf, setCaller } from './caller-of.ts';

interface AuthenticateDeps {
  readonly apiKeys: ApiKeyService;
  readonly sessions: SessionService;
  readonly refusedAttempts: RefusedAttempts;
  readonly limits: RequestLimits;
}

/** `Authorization: Bearer <key>` of a program, or the cookie of a browser that is logged in, on every request of the API. */
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

async function recognise(deps: AuthenticateDeps, request: Request): Promise<Pick<Caller, 'apiKey' | 'via'>> {
  const { apiKeys, sessions } = deps;
  const authorization = request.get('authorization');
  // A request that names a key means the key, whatever cookie a browser has added.
  if (authorization !== undefined) {
    const key = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    const apiKey = key === undefined ? undefined : await apiKeys.recognise(key);
    if (apiKey) return { apiKey, via: 'api-key' };
    throw unauthenticated();
  }
  // A stream comes back by itself every five minutes: a page that was left open would never time out.
  const isActivity = !request.path.endsWith('/events');
  const apiKey = await resumeSession({ sessions, request, isActivity });
  if (!apiKey) throw unauthenticated();
  requireSameOrigin(request);
  return { apiKey, via: 'session' };
}

/** Not of an outage, which refuses nobody. */
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

function unauthenticated(): AppError {
  return new AppError({
    code: 'unauthenticated',
    message:
      'Send an API key: `Authorization: Bearer <key>`. An operator makes one with `create-api-key`. In a browser: log in at /login.',
    retry: 'never',
  });
}

/** Counts a request against its key, also one of a session that was begun with it. */
export function limitRequests({ limits }: { readonly limits: RequestLimits }): RequestHandler {
  return async (_request, response, next) => {
    await limits.countRequest(callerOf(response).apiKey);
    next();
  };
}
