import { AppError } from '@bulkhead/base';
import type { SavedGrant } from '@bulkhead/ehr';
import type { Provider } from '@bulkhead/ehr/providers';
import { work } from '@bulkhead/queues';
import { untilStored } from '@bulkhead/store';
import type { AuthorizationRequest } from '../authorization-request.record.ts';
import type { Connection } from '../connection.record.ts';
import { insertWithDefaultName } from '../connection-name.ts';
import { connectionError } from '../errors.ts';
import { redeemAuthorizationJob } from '../jobs.ts';
import type { ConnectionDeps } from './deps.ts';
import { authorizationPriority, authorizedConnection, failAuthorization } from './prepare-authorization.job.ts';

export const redeemAuthorizationWork = work(redeemAuthorizationJob, {
  run: redeemAuthorization,
  onFinalFailure: failAuthorization,
});

/** Redeems the code of a callback, and creates or renews the connection. It runs once. The outcome is always stored. */
async function redeemAuthorization(
  deps: Pick<ConnectionDeps<'accessTokens' | 'authorizationRequests' | 'connections'>, 'store' | 'ehr'>,
  { authorizationId: id }: { readonly authorizationId: string },
): Promise<void> {
  const { store, ehr } = deps;
  const request = await store.authorizationRequests.find(id);
  if (request?.phase !== 'redeeming') return;
  try {
    const draft = await authorizedConnection(store, request);
    const { code = '', verifier = '', issuer } = await store.authorizationRequests.readSecrets(id);
    const { redirectUri, endpoints = { authorizationEndpoint: '', namesIssuer: false } } = request;
    const session = ehr.session(draft);
    const { grant, patient } = await session.redeem(
      { code, verifier, issuer, redirectUri, endpoints },
      { priority: authorizationPriority(request) },
    );
    // A code can be redeemed once, and its grant exists only in this process.
    const keep = () => keepGrant(store, { request, draft, grant, patient, provider: session.provider });
    const connectionId = await untilStored(keep, AbortSignal.timeout(keepTryingMs));
    await store.authorizationRequests.end({ id, result: { connectionId } });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await store.authorizationRequests.end({ id, error: { code: error.code, message: error.message } });
  }
}

/** Less than the job's time limit of two minutes. */
const keepTryingMs = 60_000;

interface Granted {
  readonly request: AuthorizationRequest;
  readonly draft: Connection;
  readonly grant: SavedGrant;
  readonly patient: string | undefined;
  readonly provider: Provider;
}

async function keepGrant(
  store: ConnectionDeps<'accessTokens' | 'connections'>['store'],
  granted: Granted,
): Promise<string> {
  const { request, draft, grant, patient } = granted;
  const connection = request.connectionId === undefined ? await findKnown(store, granted) : draft;
  // A connection never changes its patient, because the stored data of two patients would mix.
  if (connection?.userId !== undefined && patient !== undefined && connection.userId !== patient)
    throw connectionError('authorization-other-patient');
  const about = patient === undefined ? undefined : { userId: patient, ...practiceOf(granted, patient) };
  if (!connection) {
    await insertWithDefaultName(store.connections, { ...draft, ...about });
    await store.accessTokens.put({ connectionId: draft.id, credentialsVersion: 0, grant });
    return draft.id;
  }
  // Saving the same credentials raises their version, so tokens of the earlier authorization are no longer used.
  await store.connections.saveAuth({ id: connection.id, auth: connection.auth });
  if (about) await store.connections.savePatient({ id: connection.id, ...about });
  const { credentialsVersion = 0 } = (await store.connections.find(connection.id)) ?? connection;
  await store.accessTokens.put({ connectionId: connection.id, credentialsVersion, grant });
  return connection.id;
}

/** A second launch for the same patient uses the same connection. So does a second attempt of the same request. */
async function findKnown(store: ConnectionDeps<'connections'>['store'], { draft, patient, request }: Granted) {
  const draftConnection = await store.connections.findWithSecrets(draft.id);
  const { kind, provider, fhirEndpoint, clientId } = request;
  if (draftConnection || patient === undefined || kind !== 'launch') return draftConnection;
  return store.connections.findAuthorized({ provider, fhirEndpoint, clientId, userId: patient });
}

/** See https://hl7.org/fhir/R4/datatypes.html#id. A longer text could make the operator's regular expression slow. */
const maxIdLength = 64;

function practiceOf({ draft, provider }: Granted, patient: string): { readonly practiceId?: string } {
  if (draft.practiceId !== undefined || provider.practiceOfPatient === undefined) return {};
  if (patient.length > maxIdLength) return {};
  const practiceId = new RegExp(provider.practiceOfPatient).exec(patient)?.[1];
  return practiceId === undefined ? {} : { practiceId };
}
