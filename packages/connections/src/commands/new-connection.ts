import { AppError, type Fault, invalidRequest, newId, present } from '@bulkhead/base';
import {
  type AssertionAlgorithm,
  type ConnectionAuth,
  endpointFault,
  importSigningKey,
  type Provider,
  practiceGroups,
} from '@bulkhead/ehr/providers';
import { enhancedResourceTypes, scopeFault, standardResourceTypes, systemScopes } from '@bulkhead/fhir';
import type { Connection } from '../connection.record.ts';
import { defaultNameOf } from '../connection-name.ts';
import type { ConnectionAuthBody, ConnectionDraftBody } from './connection.schema.ts';

/** Makes a connection with its default name from a request, with defaults from the provider registry. @throws AppError `invalid-request` with all faults */
export async function newConnection(body: ConnectionDraftBody, provider: Provider): Promise<Connection> {
  const environmentName = body.environment ?? provider.defaultEnvironment;
  // `hasOwn`, because names such as `constructor` are not environments.
  const isKnown = Object.hasOwn(provider.environments, environmentName);
  const environment = isKnown ? provider.environments[environmentName] : undefined;
  if (!environment) {
    const names = Object.keys(provider.environments).join(', ');
    throw invalidRequest([{ path: 'environment', message: `must be an environment of ${provider.id}: ${names}` }]);
  }
  const faults: Fault[] = [];
  const fhirEndpoint = body.fhirEndpoint ?? environment.fhirEndpoint;
  const auth = await toConnectionAuth({ body: body.auth, provider, faults });
  checkOrigin({ provider, url: fhirEndpoint, path: 'fhirEndpoint', faults });
  if (faults.length > 0) throw invalidRequest(faults);
  const { practiceId } = body;
  const [ofPractice] = practiceGroups(provider, practiceId);
  const groupId = body.groupId ?? ofPractice;
  const place = {
    provider: provider.id,
    environment: environmentName,
    ...present({ practiceId, groupId }),
  };
  return {
    id: newId('conn'),
    name: defaultNameOf(place),
    ...place,
    fhirEndpoint,
    ...(body.userId === undefined ? {} : { userId: body.userId }),
    auth,
    ...(auth.method === 'authorization_code' ? { needsAuthorization: true } : {}),
    createdAt: new Date(),
  };
}

/** SMART requires a server to support RS384 or ES384. Servers supported RS384 first. */
const defaultAlgorithm: AssertionAlgorithm = 'RS384';

/** The credentials of a request, with defaults from the provider. Adds every fault to `faults`. */
export async function toConnectionAuth(options: {
  readonly body: ConnectionAuthBody;
  readonly provider: Provider;
  readonly faults: Fault[];
}): Promise<ConnectionAuth> {
  const { body, provider, faults } = options;
  if (body.method === 'none') return body;
  const required = (path: string, value: string | undefined, advice = ''): string => {
    if (value === undefined)
      faults.push({ path, message: `is required, because the provider ${provider.id} has no default${advice}` });
    return value ?? '';
  };
  const clientId = required('auth.clientId', body.clientId ?? provider.clientId);
  const withUser = body.method === 'authorization_code';
  const listed = listedScope({ body, provider, faults });
  const scope = required(
    'auth.scope',
    listed?.scope ?? body.scope ?? (withUser ? provider.authorizationScope : provider.defaultScope),
    withUser ? '' : chooseScopes,
  );
  const fault = scope === '' ? undefined : scopeFault({ scope, withUser });
  if (fault !== undefined) faults.push({ path: 'auth.scope', message: fault });
  const { tokenEndpoint } = body;
  if (tokenEndpoint !== undefined) checkOrigin({ provider, url: tokenEndpoint, path: 'auth.tokenEndpoint', faults });
  const client = { clientId, scope, ...(tokenEndpoint === undefined ? {} : { tokenEndpoint }) };
  const declared = present({ scopesOfDeclared: listed?.scopesOfDeclared });
  if (body.method === 'private_key_jwt')
    return {
      method: body.method,
      ...client,
      ...declared,
      ...(await toKey(body, faults)),
      ...present({ audience: body.audience }),
    };
  const secret = body.clientSecret ?? secretOfDeployment(clientId, tokenEndpoint, provider);
  if (body.method === 'authorization_code') {
    return {
      method: body.method,
      ...client,
      ...(secret === undefined ? {} : { clientSecret: secret }),
      ...wayOf(body),
    };
  }
  if (secret === undefined) faults.push({ path: 'auth.clientSecret', message: secretMissing(provider, clientId) });
  const clientSecret = secret ?? '';
  return { method: body.method, ...client, ...declared, clientSecret, ...wayOf(body) };
}

/** A secret that is left out stays, as long as it belongs to the same client and token endpoint. */
export function withKeptSecret(options: {
  readonly auth: ConnectionAuthBody;
  readonly stored: ConnectionAuth;
  readonly provider: Provider;
}): ConnectionAuthBody {
  const { auth, stored, provider } = options;
  if (auth.method === 'none' || stored.method === 'none' || stored.method !== auth.method) return auth;
  if ((auth.clientId ?? provider.clientId) !== stored.clientId) return auth;
  if (auth.method === 'private_key_jwt') {
    const { signingKey } = stored as Extract<ConnectionAuth, { method: 'private_key_jwt' }>;
    const isKept = auth.privateKey === undefined && auth.kid !== undefined && auth.kid === signingKey?.kid;
    return isKept ? { ...auth, privateKey: JSON.parse(signingKey.privateJwk) } : auth;
  }
  // It was given for one token endpoint.
  if (auth.tokenEndpoint !== stored.tokenEndpoint) return auth;
  const { clientSecret } = stored as Extract<ConnectionAuth, { method: 'authorization_code' }>;
  return auth.clientSecret === undefined && clientSecret !== undefined ? { ...auth, clientSecret } : auth;
}

const chooseScopes =
  '. Choose what the application is registered for at the EHR: `scopeVersion` (CLI: `--scopes`) `v2` (system/Patient.rs) or `v1` (system/Patient.read), or a list. An EHR refuses the other version, as with "Policy evaluation failed"';

/** The secret of the deployment belongs to its client id, and goes to the token endpoint that its configuration or the EHR names. */
function secretOfDeployment(clientId: string, tokenEndpoint: string | undefined, provider: Provider) {
  const isChosen =
    tokenEndpoint !== undefined &&
    !Object.values(provider.environments).some((environment) => environment.tokenEndpoint === tokenEndpoint);
  return clientId === provider.clientId && !isChosen ? provider.clientSecret : undefined;
}

function secretMissing({ id, clientId: own, clientSecret }: Provider, clientId: string): string {
  if (clientSecret === undefined) return `is required, because the provider ${id} has no default`;
  if (clientId !== own) return 'is required, because the secret of the deployment belongs to another client id';
  return 'is required, because the secret of the deployment is not sent to a token endpoint that a request names';
}

/**
 * The scopes that a request asks for by a version and types. Without types they are those that the EHR declares, which a worker learns later.
 * Undefined if it does not.
 */
function listedScope(options: {
  readonly body: ConnectionAuthBody;
  readonly provider: Provider;
  readonly faults: Fault[];
}): Pick<Extract<ConnectionAuth, { method: 'client_credentials' }>, 'scope' | 'scopesOfDeclared'> | undefined {
  const { body, provider, faults } = options;
  if (body.method !== 'client_credentials' && body.method !== 'private_key_jwt') return undefined;
  const { scope, scopeVersion: version, scopeTypes } = body;
  if (version === undefined) {
    if (scopeTypes !== undefined) faults.push({ path: 'auth.scopeTypes', message: 'needs scopeVersion' });
    return undefined;
  }
  if (scope !== undefined)
    faults.push({ path: 'auth.scope', message: 'excludes scopeVersion, which lists the scopes' });
  const listed = systemScopes({ version, types: scopeTypes ?? provider.scopeTypes ?? guideTypes });
  return { scope: listed, ...(scopeTypes ? {} : { scopesOfDeclared: version }) };
}

const guideTypes: readonly string[] = [...standardResourceTypes, ...enhancedResourceTypes];

function wayOf({ secretBy }: Pick<Extract<ConnectionAuthBody, { method: 'client_credentials' }>, 'secretBy'>) {
  return secretBy === undefined ? {} : { secretBy };
}

async function toKey(body: Extract<ConnectionAuthBody, { method: 'private_key_jwt' }>, faults: Fault[]) {
  const { privateKey, alg = defaultAlgorithm } = body;
  if (privateKey === undefined) return { alg };
  const text = typeof privateKey === 'string' ? privateKey : JSON.stringify(privateKey);
  try {
    const signingKey = await importSigningKey({ text, kid: body.kid });
    if (body.alg !== undefined && body.alg !== signingKey.alg) {
      faults.push({ path: 'auth.alg', message: `must match the key, which signs with ${signingKey.alg}` });
    }
    return { alg: signingKey.alg, signingKey };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    faults.push({ path: 'auth.privateKey', message: error.message });
    return { alg };
  }
}

function checkOrigin(options: {
  readonly provider: Provider;
  readonly url: string;
  readonly path: string;
  readonly faults: Fault[];
}): void {
  const { provider, url, path, faults } = options;
  const message = endpointFault(url, provider);
  if (message !== undefined) faults.push({ path, message });
}
