import { importSigningKey } from '@bulkhead/ehr-client';
import { scopeFault } from '@bulkhead/fhir';
import type { AssertionAlgorithm, ConnectionAuth, Provider, SigningKey } from '@bulkhead/providers';
import type { Fault } from '@bulkhead/runtime';
import { AppError } from '@bulkhead/runtime';
import { checkOrigin } from './check-origin.ts';
import type { ConnectionAuthBody } from './connection.schema.ts';

/** SMART asks servers for one of the two; RS384 is what they had first. */
const defaultAlgorithm: AssertionAlgorithm = 'RS384';

/** The credentials of a request, completed from the provider's; what is wrong with them goes to `faults`. */
export async function toConnectionAuth(options: {
  readonly body: ConnectionAuthBody;
  readonly provider: Provider;
  readonly faults: Fault[];
}): Promise<ConnectionAuth> {
  const { body, provider, faults } = options;
  if (body.method === 'none') return body;
  const required = (path: string, value: string | undefined): string => {
    if (value === undefined)
      faults.push({ path, message: `is required: provider ${provider.id} has no default for it` });
    return value ?? '';
  };
  const clientId = required('auth.clientId', body.clientId ?? provider.clientId);
  const withUser = body.method === 'authorization_code';
  const scope = required('auth.scope', body.scope ?? (withUser ? provider.authorizationScope : provider.defaultScope));
  const fault = scope === '' ? undefined : scopeFault({ scope, withUser });
  if (fault !== undefined) faults.push({ path: 'auth.scope', message: fault });
  const { tokenEndpoint } = body;
  if (tokenEndpoint !== undefined) checkOrigin({ provider, url: tokenEndpoint, path: 'auth.tokenEndpoint', faults });
  const client = { clientId, scope, ...(tokenEndpoint === undefined ? {} : { tokenEndpoint }) };
  if (body.method === 'private_key_jwt') return { method: body.method, ...client, ...(await toKey({ body, faults })) };
  if (body.method === 'authorization_code') {
    // The provider's secret belongs to the provider's client id.
    const secret = body.clientSecret ?? (body.clientId === undefined ? provider.clientSecret : undefined);
    return {
      method: body.method,
      ...client,
      ...(secret === undefined ? {} : { clientSecret: secret }),
      ...wayOf(body),
    };
  }
  const clientSecret = required('auth.clientSecret', body.clientSecret ?? provider.clientSecret);
  return { method: body.method, ...client, clientSecret, ...wayOf(body) };
}

function wayOf({ secretBy }: Pick<Extract<ConnectionAuthBody, { method: 'client_credentials' }>, 'secretBy'>) {
  return secretBy === undefined ? {} : { secretBy };
}

async function toKey(options: {
  readonly body: Extract<ConnectionAuthBody, { method: 'private_key_jwt' }>;
  readonly faults: Fault[];
}): Promise<{ readonly alg: AssertionAlgorithm; readonly signingKey?: SigningKey }> {
  const { body, faults } = options;
  const { privateKey, alg = defaultAlgorithm } = body;
  if (privateKey === undefined) return { alg };
  const text = typeof privateKey === 'string' ? privateKey : JSON.stringify(privateKey);
  try {
    const signingKey = await importSigningKey({ text, kid: body.kid });
    if (body.alg !== undefined && body.alg !== signingKey.alg) {
      faults.push({ path: 'auth.alg', message: `the key signs ${signingKey.alg}` });
    }
    return { alg: signingKey.alg, signingKey };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    faults.push({ path: 'auth.privateKey', message: error.message });
    return { alg };
  }
}
