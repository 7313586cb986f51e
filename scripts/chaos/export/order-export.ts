import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, createApiClient } from '../../system/api-client.ts';
import type { TestSystem } from '../../test-system/start-test-system.ts';

export interface ExportOrder {
  readonly system: TestSystem;
  readonly since: 'last' | undefined;
  readonly timeoutMs: number;
}

/** The pause of a client between two attempts. */
const retryMs = 200;
/** The API waits up to 5 s for the kick-off, and longer if MongoDB does not respond. */
const answerTimeoutMs = 15_000;

/**
 * Starts an export as a careful client does: it repeats the POST with the same Idempotency-Key until it gets an answer.
 *
 * @returns the export's id; undefined if no answer came in time
 */
export async function orderExport({ system, since, timeoutMs }: ExportOrder): Promise<string | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  const call = createApiClient({ ...system, timeoutMs: answerTimeoutMs });
  const body = { connectionId: system.connectionId, exportType: 'Patient', since };
  const headers = { 'idempotency-key': randomUUID() };
  while (performance.now() < deadlineMs) {
    try {
      return (await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body, headers)).id;
    } catch (error) {
      const exportId = await runningExport(system, error);
      if (exportId !== undefined) return exportId;
    }
    await delay(retryMs);
  }
  return undefined;
}

/** @returns undefined if the API is down, or is killed during the request */
async function runningExport({ store }: TestSystem, error: unknown): Promise<string | undefined> {
  if (!(error instanceof ApiError) || error.status >= 500) return undefined;
  const { status, code, details } = error;
  const { exportId } = (details ?? {}) as { readonly exportId?: string };
  if (status !== 409 || exportId === undefined) throw new Error(`the API refused the export: ${status} ${code}`);
  // Either the export of the first attempt, or the reservation that the API made before it was killed. Only an export
  // can be followed.
  return (await store.bulkExports.find(exportId).catch(() => undefined)) && exportId;
}
