import { type ErrorTable, type PeopleText, runtimeError } from '@bulkhead/base';
import { egressError } from '@bulkhead/base/egress';
import { encryptionError } from '@bulkhead/base/encryption';
import { connectionError } from '@bulkhead/connections';
import { ehrError } from '@bulkhead/ehr';
import { limiterError } from '@bulkhead/ehr/rate-limiter';
import { exportError } from '@bulkhead/imports/export';
import { scheduleError } from '@bulkhead/imports/schedules';
import { syncError } from '@bulkhead/imports/sync';
import { jobError } from '@bulkhead/queues';
import { quarantineError } from '@bulkhead/records/quarantine';

/** The tables of all errors that a run or a schedule can have. */
const tables: readonly ErrorTable[] = [
  runtimeError.table,
  encryptionError.table,
  egressError.table,
  limiterError.table,
  ehrError.table,
  jobError.table,
  connectionError.table,
  quarantineError.table,
  exportError.table,
  syncError.table,
  scheduleError.table,
];

export function peopleTextOf(code: string): PeopleText | undefined {
  return tables.find((table) => Object.hasOwn(table, code))?.[code];
}
