/** The connections that a caller may see. For that caller, other connections do not exist. */
export type ConnectionScope = 'all' | readonly string[];

export function isInScope(scope: ConnectionScope, connectionId: string): boolean {
  return scope === 'all' || scope.includes(connectionId);
}

/** A filter for the records whose `connectionId` is in scope. */
export function inScope(scope: ConnectionScope): object {
  return scope === 'all' ? {} : { connectionId: { $in: [...scope] } };
}
