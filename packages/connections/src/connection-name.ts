import { AppError } from '@bulkhead/base';
import type { Connection, ConnectionWithoutSecrets } from './connection.record.ts';
import { connectionError } from './errors.ts';

/** Fits into a line of a list. */
export const maxNameLength = 80;

type Named = Pick<Connection, 'provider' | 'environment' | 'practiceId' | 'groupId'>;

/** The name of a connection that was given none: "athenahealth production 195900", or "athenahealth production" without a practice and Group. */
export function defaultNameOf({ provider, environment, practiceId, groupId }: Named): string {
  const parts = [provider, environment, practiceId ?? groupId].filter((part) => part !== undefined);
  return parts.join(' ').slice(0, maxNameLength);
}

/** The name itself for 1, then "name (2)", "name (3)" and so on. */
function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const ending = ` (${number})`;
  return `${name.slice(0, maxNameLength - ending.length)}${ending}`;
}

interface NamedStore {
  insert(connection: Connection, options?: { readonly purpose?: string | undefined }): Promise<void>;
  countNumbered(name: string): Promise<number>;
}

/** Inserts a connection under its default name, with a number if other connections have that name. */
export async function insertWithDefaultName(
  connections: NamedStore,
  connection: Connection,
  options: { readonly purpose?: string | undefined } = {},
): Promise<void> {
  const base = defaultNameOf(connection);
  return withFreeName({
    base,
    countNumbered: () => connections.countNumbered(base),
    use: (name) => connections.insert({ ...connection, name }, options),
  });
}

/** Calls `use` with names until one is free. `use` throws `connection-name-taken` if a name is not free. */
async function withFreeName(options: {
  readonly base: string;
  readonly countNumbered: () => Promise<number>;
  readonly use: (name: string) => Promise<unknown>;
}): Promise<void> {
  const { base, countNumbered, use } = options;
  let number = 1;
  for (;;) {
    try {
      await use(numberedName(base, number));
      return;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'connection-name-taken') throw error;
      number = number === 1 ? 2 + (await countNumbered()) : number + 1;
    }
  }
}

/**
 * What only one connection should be for: the practice, Group or server of an environment. A connection of a user or a patient is one of
 * many, so it has no such value.
 */
export function uniquePurposeOf(
  connection: Pick<
    Connection | ConnectionWithoutSecrets,
    'provider' | 'environment' | 'practiceId' | 'groupId' | 'fhirEndpoint' | 'userId' | 'auth'
  >,
): string | undefined {
  const { provider, environment, practiceId, groupId, fhirEndpoint, userId, auth } = connection;
  if (userId !== undefined || auth.method === 'authorization_code') return undefined;
  const subject =
    practiceId === undefined ? (groupId === undefined ? [] : ['group', groupId]) : ['practice', practiceId];
  // Vendors with a server for each hospital use the same ids again.
  return JSON.stringify([provider, environment, 'endpoint', fhirEndpoint, ...subject]);
}

export function nameTaken(): AppError {
  return connectionError('connection-name-taken');
}

export function connectionExists({ id }: Pick<Connection, 'id'>): AppError {
  return connectionError('connection-exists', { context: { connectionId: id } });
}
