import { accessError } from '@bulkhead/access';
import { auditError } from '@bulkhead/access/audit';
import { idempotencyError } from '@bulkhead/access/idempotency';
import { type ErrorCode, type ErrorFacts, type ErrorTable, runtimeError } from '@bulkhead/base';
import { connectionError } from '@bulkhead/connections';
import { documentError } from '@bulkhead/documents';
import { providerError } from '@bulkhead/ehr/providers';
import { erasureError } from '@bulkhead/erasure';
import { exportError } from '@bulkhead/imports/export';
import { scheduleError } from '@bulkhead/imports/schedules';
import { syncError } from '@bulkhead/imports/sync';
import { resourceError } from '@bulkhead/records';
import { quarantineError } from '@bulkhead/records/quarantine';
import { servedExportError } from '@bulkhead/serving/bulk';
import { tableError } from '@bulkhead/serving/tables/errors';
import { webhookError } from '@bulkhead/webhooks';
import { apiError } from './errors.ts';

/** The tables of all errors that the API can answer with. */
const tables = [
  runtimeError.table,
  apiError.table,
  accessError.table,
  auditError.table,
  idempotencyError.table,
  providerError.table,
  connectionError.table,
  resourceError.table,
  tableError.table,
  servedExportError.table,
  quarantineError.table,
  documentError.table,
  webhookError.table,
  exportError.table,
  syncError.table,
  scheduleError.table,
  erasureError.table,
] as const;

type WithStatus<Table> = Table extends Table
  ? { [Code in keyof Table]: Table[Code] extends { readonly status: number } ? Code : never }[keyof Table]
  : never;

/** A code that a response can have. */
export type HttpErrorCode = WithStatus<(typeof tables)[number]>;

/** All of them. */
export const httpErrorCodes = [
  ...new Set(
    tables
      .flatMap((table) => Object.entries<ErrorFacts>(table))
      .flatMap(([code, { status }]) => (status === undefined ? [] : [code])),
  ),
].toSorted() as HttpErrorCode[];

/** The facts of a code, by feature: several features can have the same code with different messages. */
export function factsOf(code: ErrorCode): readonly ErrorFacts[] {
  return tables.flatMap((table: ErrorTable) => table[code] ?? []);
}

/** The HTTP status of an error. Without one, its details are not meant for clients. */
export function statusOf(code: ErrorCode): number {
  return factsOf(code)[0]?.status ?? 500;
}
