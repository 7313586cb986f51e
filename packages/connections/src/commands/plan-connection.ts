import { isDeepStrictEqual } from 'node:util';
import { AppError, type Fault, faultsOf } from '@bulkhead/base';
import { type ConnectionAuth, egressFault, type Provider, type ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Connection } from '../connection.record.ts';
import type { ConnectionAuthBody, ConnectionBody, ConnectionOrigins } from './connection.schema.ts';
import { newConnection, withKeptSecret } from './new-connection.ts';

/** What a file says about a connection. What it leaves out of `origins` and `aliases` stays as it is. */
export interface DesiredConnection extends Omit<ConnectionBody, 'schedule'> {
  readonly name: string;
  readonly origins?: readonly string[] | undefined;
  readonly aliases?: readonly string[] | undefined;
}

/** How a connection differs from what a file says. */
export interface ConnectionPlan {
  /** Nothing may be changed while there is one. */
  readonly faults: readonly Fault[];
  /** The credentials to store. Undefined if they are stored already. */
  readonly auth?: ConnectionAuthBody;
  /** The origins to store. Undefined if they are stored already. */
  readonly origins?: ConnectionOrigins;
  /** The connection that would be created. */
  readonly draft?: Connection;
}

/** The fields that decide whose data a connection imports. Its resources, watermarks and schedules are theirs, so the fields never change. */
const fixed = ['provider', 'environment', 'fhirEndpoint', 'practiceId', 'groupId', 'userId'] as const;

/**
 * Compares a connection with what a file says about it.
 * @param options.stored with its secrets. Undefined if the connection does not exist
 */
export async function planConnection(options: {
  readonly desired: DesiredConnection;
  readonly stored: Connection | undefined;
  readonly registry: ProviderRegistry;
}): Promise<ConnectionPlan> {
  const { desired, stored, registry } = options;
  try {
    const provider = registry.get(desired.provider);
    const auth = stored ? withKeptSecret({ auth: desired.auth, stored: stored.auth, provider }) : desired.auth;
    const draft = await newConnection({ ...desired, auth }, provider);
    const { origins = stored?.origins ?? [], aliases = stored?.aliases ?? [] } = desired;
    const isMoved = !isDeepStrictEqual([origins, aliases], [stored?.origins ?? [], stored?.aliases ?? []]);
    const isSame = stored && isDeepStrictEqual(comparable(draft.auth), comparable(stored.auth));
    return {
      faults: [...fixedFaults(desired, stored), ...keyFaults(auth), ...originFaults(origins, provider)],
      ...(isSame ? {} : { auth }),
      ...(isMoved ? { origins: { origins: [...origins], aliases: [...aliases] } } : {}),
      ...(stored ? {} : { draft }),
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'unknown-provider') return { faults: faultsOf(error) };
    return { faults: [{ path: 'provider', message: error.message }] };
  }
}

export function originFaults(origins: readonly string[], provider: Provider): Fault[] {
  return origins.flatMap((origin, index) => {
    const message = egressFault(origin, provider);
    return message === undefined ? [] : [{ path: `origins.${index}`, message }];
  });
}

function fixedFaults(desired: DesiredConnection, stored: Connection | undefined): Fault[] {
  if (!stored) return [];
  return fixed
    .filter((field) => desired[field] !== undefined && desired[field] !== stored[field])
    .map((path) => ({
      path,
      message: `cannot be changed: the stored connection has ${stored[path] ?? 'none'}. Use another name, or delete the connection first`,
    }));
}

function keyFaults(auth: ConnectionAuthBody): Fault[] {
  const isKeyMissing = auth.method === 'private_key_jwt' && auth.kid !== undefined && auth.privateKey === undefined;
  return isKeyMissing ? [{ path: 'auth.kid', message: 'is not the id of the stored key. Add its privateKey' }] : [];
}

/** Scopes of the types that the EHR declares are written when they are known, so only their version is compared. */
function comparable(auth: ConnectionAuth): unknown {
  return 'scopesOfDeclared' in auth ? { ...auth, scope: undefined } : auth;
}
