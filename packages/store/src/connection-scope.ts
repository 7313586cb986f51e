/** The connections that a caller may see. For that caller, other connections do not exist. */
export type ConnectionScope = 'all' | readonly string[];

export function isInScope(scope: ConnectionScope, connectionId: string): boolean {
  return scope === 'all' || scope.includes(connectionId);
}
