/** The connections that a caller may see. For that caller, other connections do not exist. */
export type ConnectionScope = 'all' | readonly string[];

/** A record, for a caller who sees those of some connections only. */
export interface ScopedReference {
  readonly id: string;
  readonly scope: ConnectionScope;
}

/** The same at an address that names a provider. */
export interface ProviderReference extends ScopedReference {
  readonly provider: string;
}

export function isInScope(scope: ConnectionScope, connectionId: string): boolean {
  return scope === 'all' || scope.includes(connectionId);
}

/** A filter for the records whose `connectionId` is in scope. */
export function inScope(scope: ConnectionScope): object {
  return scope === 'all' ? {} : { connectionId: { $in: [...scope] } };
}
