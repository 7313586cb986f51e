import type { BulkExport } from '../../bulk-export.record.ts';
import { clockToleranceMs } from '../../watermarks/watermark.ts';

/** When the versions in an export were current at the server. A transaction time in the future would outrank every later version. */
export function observedAt({ transactionTime, kickedOffAt, createdAt }: BulkExport, now: Date): Date {
  const at = new Date(transactionTime ?? createdAt);
  return at.getTime() > now.getTime() + clockToleranceMs ? (kickedOffAt ?? createdAt) : at;
}
