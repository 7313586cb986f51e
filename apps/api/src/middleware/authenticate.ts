import { AppError } from '@bulkhead/domain';
import type { ApiKeyService } from '@bulkhead/service';
import type { ApiKey, Store } from '@bulkhead/store';
import type { Request, RequestHandler } from 'express';
import type { RefusedAttempts } from '../refused-attempts.ts';
import { setCaller } from './caller-of.ts';

interface AuthenticateDeps {
  readonly apiKeys: ApiKeyService;
  readonly refusedAttempts: RefusedAttempts;
}

/** `Authorization: Bearer <key>` on every request of the API. */
export function authenticate(deps: AuthenticateDeps): RequestHandler {
  return async (request, response, next) => {
    const apiKey = await recognise(deps.apiKeys, request).catch((error: unknown) => {
      noteRefusal({ deps, request, error });
      throw error;
    });
    setCaller({ response, apiKey, via: 'api-key' });
    next();
  };
}

async function recognise(apiKeys: ApiKeyService, request: Request): Promise<ApiKey> {
  const key = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  const apiKey = key === undefined ? undefined : await apiKeys.recognise(key);
  if (!apiKey) throw unauthenticated();
  return apiKey;
}

/** Not of an outage, which refuses nobody. */
function noteRefusal(options: {
  readonly deps: AuthenticateDeps;
  readonly request: Request;
  readonly error: unknown;
}): void {
  const { deps, request, error } = options;
  if (!(error instanceof AppError)) return;
  const { keyId } = error.context as { keyId?: string };
  deps.refusedAttempts.note({ action: 'authenticate', address: request.ip ?? '', code: error.code, keyId });
}

/** Browsers cannot send a Bearer key: for Bull Board the operator's key is the password of HTTP Basic, with any user name. */
export function authenticateOperator({ store }: { readonly store: Store }): RequestHandler {
  return async (request, response, next) => {
    const apiKey = await findBasicKey(store, request.get('authorization'));
    if (apiKey?.role === 'operator') return next();
    response.set('WWW-Authenticate', 'Basic realm="Bulkhead: an operator key as password", charset="UTF-8"');
    response.status(401).type('text').send('Log in with any user name and an operator key as password.');
  };
}

async function findBasicKey(store: Store, authorization = ''): Promise<ApiKey | undefined> {
  const encoded = /^Basic (\S+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const password = Buffer.from(encoded, 'base64').toString('utf8').split(':').slice(1).join(':');
  return store.apiKeys.findByKey(password);
}

function unauthenticated(): AppError {
  return new AppError({
    code: 'unauthenticated',
    message: 'Send an API key: `Authorization: Bearer <key>`. An operator makes one with `create-api-key`.',
    retry: 'never',
  });
}
