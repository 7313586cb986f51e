import type { BulkExport } from '@bulkhead/bulk-export';
import type { Finding } from './finding.ts';

/** The error of an export that the API withdrew before it answered (503): the client knows that nothing runs. */
const withdrawn = 'unavailable';

/** Verifies that each POST leads to one export, even if the client repeats it because the API was killed. */
export function verifyOrders(
  seen: readonly Pick<BulkExport, 'id' | 'error'>[],
  followed: readonly string[],
): Finding[] {
  const strays = seen.filter(({ id, error }) => !followed.includes(id) && error?.code !== withdrawn);
  if (strays.length === 0) return [];
  const text = `${strays.map(({ id }) => id).join(', ')} ran in addition to the export that was started`;
  return [{ verdict: 'duplicated', count: strays.length, text }];
}
