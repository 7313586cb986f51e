import type { ConnectionScope } from './connection-scope.ts';

/** A filter for the records whose `connectionId` is in scope. */
export function inScope(scope: ConnectionScope): object {
  return scope === 'all' ? {} : { connectionId: { $in: [...scope] } };
}
