import { createHash } from 'node:crypto';
import { present } from '@bulkhead/base';
import { type EhrConnection, recordTypes } from '@bulkhead/ehr/providers';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { isUncovered, scopeCovers } from '@bulkhead/fhir';
import type { BulkExport } from './bulk-export.record.ts';
import type { Coverage } from './watermarks/watermark.record.ts';

// What an export proves depends on what was sent with its kick-off, and not on what was requested. Before the kick-off both are the same.

/** The `_since` that the server applied. Undefined if everything was requested. */
export function sentSince(record: BulkExport): string | undefined {
  return (record.sent ?? record.request).since;
}

/** Whether the server does not know `_type`, so that this system skips the types that were not requested. */
export function isFilteredHere(record: BulkExport): boolean {
  return record.request.resourceTypes.length > 0 && record.sent?.types.length === 0;
}

/** Whether the server would not send a type even if it had resources of it. */
export function isTypeWithheld(record: BulkExport, resourceType: string): boolean {
  const { grantedScope } = record;
  if (record.sent?.refusedTypes.includes(resourceType)) return true;
  return grantedScope !== undefined && !scopeCovers({ scope: grantedScope, resourceType });
}

/**
 * What an export of every type can contain, by the kick-off that the server accepted. Before the kick-off: what it will request, unless the server
 * refuses some of it.
 */
export function coverageOf({
  grantedScope,
  offeredTypes = [],
  sent,
}: Pick<BulkExport, 'grantedScope' | 'offeredTypes' | 'sent'>): Coverage {
  const offered = offeredTypes.length > 0 ? offeredTypes : undefined;
  const named = sent && sent.types.length > 0 ? sent.types : offered;
  const types = named?.filter((type) => !sent?.refusedTypes.includes(type));
  return present({ scope: grantedScope, offered, types });
}

/** Of an export of every type: the types of records that the server declares and that the token does not cover, so that they are not sent. */
export function uncoveredTypes(
  record: Pick<BulkExport, 'request' | 'grantedScope' | 'offeredTypes'>,
): readonly string[] {
  const { request, grantedScope: scope, offeredTypes = [] } = record;
  if (request.resourceTypes.length > 0) return [];
  return recordTypes({ resourceTypes: offeredTypes }).filter((resourceType) => isUncovered({ scope, resourceType }));
}

/** The connection as the requests of an export use it. */
export function connectionOf<Of extends EhrConnection>(
  connection: Of,
  { exportScope }: Pick<BulkExport, 'exportScope'>,
) {
  return exportScope === undefined ? connection : { ...connection, exportScope };
}

/** Equal for requests for the same data. */
export function requestKey({
  exportType,
  resourceTypes,
  since,
  typeFilters = [],
  allowUnfiltered,
  patients = [],
  cohort,
  until,
  elements = [],
  organizeOutputBy,
}: BulkExportRequest): string {
  // The same instant can be written in several ways.
  const sinceMs = since === undefined ? null : Date.parse(since);
  const untilMs = until === undefined ? null : Date.parse(until);
  const filters = [
    typeFilters.toSorted(),
    allowUnfiltered === true,
    patients.toSorted(),
    cohort ?? null,
    elements.toSorted(),
  ];
  return requestHash([exportType, resourceTypes.toSorted(), sinceMs, untilMs, organizeOutputBy ?? null, ...filters]);
}

export function requestHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}
