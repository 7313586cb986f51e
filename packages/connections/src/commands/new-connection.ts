import { newId } from '@bulkhead/access';
import type { Connection, Provider } from '@bulkhead/providers';
import { type Fault, invalidRequest } from '@bulkhead/runtime';
import { checkOrigin } from './check-origin.ts';
import type { ConnectionBody } from './connection.schema.ts';
import { toConnectionAuth } from './to-connection-auth.ts';

/** A connection from a request, completed from the registry. @throws AppError `invalid-request` with every fault */
export async function newConnection(options: {
  readonly body: ConnectionBody;
  readonly provider: Provider;
}): Promise<Connection> {
  const { body, provider } = options;
  const environmentName = body.environment ?? provider.defaultEnvironment;
  // Names such as `constructor` are no environments.
  const isKnown = Object.hasOwn(provider.environments, environmentName);
  const environment = isKnown ? provider.environments[environmentName] : undefined;
  if (!environment) {
    const names = Object.keys(provider.environments).join(', ');
    throw invalidRequest([{ path: 'environment', message: `${provider.id} has: ${names}` }]);
  }
  const faults: Fault[] = [];
  const fhirEndpoint = body.fhirEndpoint ?? environment.fhirEndpoint;
  const auth = await toConnectionAuth({ body: body.auth, provider, faults });
  checkOrigin({ provider, url: fhirEndpoint, path: 'fhirEndpoint', faults });
  if (faults.length > 0) throw invalidRequest(faults);
  const { practiceId } = body;
  const ofPractice = practiceId && provider.groupIdTemplate?.replace('{practiceId}', practiceId);
  const groupId = body.groupId ?? ofPractice;
  return {
    id: newId('conn'),
    provider: provider.id,
    environment: environmentName,
    fhirEndpoint,
    ...(practiceId === undefined ? {} : { practiceId }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(body.userId === undefined ? {} : { userId: body.userId }),
    auth,
    ...(auth.method === 'authorization_code' ? { needsAuthorization: true } : {}),
    createdAt: new Date(),
  };
}
