import { exportError } from '@bulkhead/bulk-export';
import { connectionError } from '@bulkhead/connections';
import { egressError } from '@bulkhead/egress';
import { ehrError } from '@bulkhead/ehr-client';
import { encryptionError } from '@bulkhead/encryption';
import { quarantineError } from '@bulkhead/quarantine';
import { jobError } from '@bulkhead/queues';
import { limiterError } from '@bulkhead/rate-limiter';
import { type ErrorTable, type PeopleText, runtimeError } from '@bulkhead/runtime';
import { scheduleError } from '@bulkhead/schedules';
import { syncError } from '@bulkhead/sync';

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
