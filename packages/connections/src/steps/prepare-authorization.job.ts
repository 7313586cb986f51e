import { AppError, toKnownError } from '@bulkhead/base';
import type { RequestPriority } from '@bulkhead/ehr/rate-limiter';
import { type FailedJob, work } from '@bulkhead/queues';
import type { AuthorizationRequest } from '../authorization-request.record.ts';
import type { Connection } from '../connection.record.ts';
import { connectionError } from '../errors.ts';
import { prepareAuthorizationJob } from '../jobs.ts';
import type { ConnectionDeps } from './deps.ts';

export const prepareAuthorizationWork = work(prepareAuthorizationJob, {
  run: prepareAuthorization,
  onFinalFailure: failAuthorization,
});

/** Asks the EHR for its authorization endpoint. The API waits for the result, because it never sends requests to an EHR itself. */
async function prepareAuthorization(
  { store, ehr }: Pick<ConnectionDeps<'authorizationRequests' | 'connections'>, 'store' | 'ehr'>,
  { authorizationId: id, signal }: { readonly authorizationId: string; readonly signal: AbortSignal },
): Promise<void> {
  const request = await store.authorizationRequests.find(id);
  if (request?.phase !== 'created') return;
  try {
    const connection = await authorizedConnection(store, request);
    const server = await ehr.session(connection).findServer({ priority: authorizationPriority(request), signal });
    const { authorizationEndpoint, issuer, namesIssuer } = server;
    if (authorizationEndpoint === undefined) throw connectionError('smart-discovery-failed');
    const endpoints = { authorizationEndpoint, namesIssuer, ...(issuer === undefined ? {} : { issuer }) };
    await store.authorizationRequests.saveEndpoints({ id, endpoints });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await store.authorizationRequests.end({ id, error: { code: error.code, message: error.message } });
  }
}

/** Ends an authorization whose job has failed for good. */
export async function failAuthorization(
  { store }: Pick<ConnectionDeps<'authorizationRequests'>, 'store'>,
  { authorizationId: id, error }: FailedJob<{ readonly authorizationId: string }>,
): Promise<void> {
  const { code, message } = toKnownError(error);
  await store.authorizationRequests.end({ id, error: { code, message } });
}

/** Anyone can cause a launch, so its requests must not delay those of connections. An operator waits for the other kinds. */
export function authorizationPriority({ kind }: Pick<AuthorizationRequest, 'kind'>): RequestPriority {
  return kind === 'launch' ? 'crawl' : 'interactive';
}

/** The connection of a request: the existing one, or the one that the authorization will create. */
export async function authorizedConnection(
  store: ConnectionDeps<'authorizationRequests' | 'connections'>['store'],
  { id, connectionId }: { readonly id: string; readonly connectionId?: string },
): Promise<Connection> {
  const connection =
    connectionId === undefined
      ? (await store.authorizationRequests.readSecrets(id)).draft
      : await store.connections.findWithSecrets(connectionId);
  if (connection) return connection;
  throw connectionError('connection-gone');
}
