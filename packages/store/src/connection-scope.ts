/** Which connections somebody may know of: others are, to them, as if they did not exist. */
export type ConnectionScope = 'all' | readonly string[];

export function isInScope(scope: ConnectionScope, connectionId: string): boolean {
  return scope === 'all' || scope.includes(connectionId);
}
