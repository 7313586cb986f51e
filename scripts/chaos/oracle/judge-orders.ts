import type { BulkExport } from '@bulkhead/bulk-export';
import type { Finding } from './finding.ts';

/** An order that the API withdrew before it answered (503): the client was told that nothing runs. */
const withdrawn = 'unavailable';

/** Every export that ran was ordered, once: a client that repeats its POST over a dead API has one export, not two. */
export function judgeOrders({
  seen,
  followed,
}: {
  readonly seen: readonly Pick<BulkExport, 'id' | 'error'>[];
  readonly followed: readonly string[];
}): Finding[] {
  const strays = seen.filter(({ id, error }) => !followed.includes(id) && error?.code !== withdrawn);
  if (strays.length === 0) return [];
  const text = `${strays.map(({ id }) => id).join(', ')} ran beside the export that was ordered`;
  return [{ verdict: 'duplicated', count: strays.length, text }];
}
