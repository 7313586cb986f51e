import type { ConnectionScope } from '@bulkhead/domain';

/** The condition on records that have a `connectionId`. */
export function inScope(scope: ConnectionScope): object {
  return scope === 'all' ? {} : { connectionId: { $in: [...scope] } };
}
