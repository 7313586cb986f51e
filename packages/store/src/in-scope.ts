import type { ConnectionScope } from './connection-scope.ts';

/** The condition on records that have a `connectionId`. */
export function inScope(scope: ConnectionScope): object {
  return scope === 'all' ? {} : { connectionId: { $in: [...scope] } };
}
