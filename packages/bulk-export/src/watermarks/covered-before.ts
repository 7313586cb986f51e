import { coversType } from '@bulkhead/fhir';
import type { Coverage } from './watermark.record.ts';
import { everyType } from './watermark.ts';

/**
 * Whether an earlier export of every type brought a type. What one would bring today is known only to the worker that has a token, so
 * for `everyType` this is the answer of last time.
 */
export function coveredBefore(coverage: Coverage, resourceType: string): boolean {
  return resourceType === everyType || coversType(coverage, resourceType);
}
