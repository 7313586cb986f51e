import { randomUUID } from 'node:crypto';
import { ApiError, createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

/** The API waits for a primary for 3 s. */
const answerTimeoutMs = 15_000;
/** A sync takes seconds, and may meet some elections. */
const within = { timeoutMs: 300_000, intervalMs: 200 };

/** Runs one sync after the other until the signal is aborted. @returns how many have completed, and why one has not */
export async function repeatSyncs(
  system: Pick<TestSystem, 'baseUrl' | 'apiKey' | 'connectionId'>,
  signal: AbortSignal,
): Promise<{ readonly count: number; readonly fault?: string }> {
  const call = createApiClient({ ...system, timeoutMs: answerTimeoutMs });
  const path = '/api/ehr/athenahealth';
  const body = { connectionId: system.connectionId, resourceTypes: ['DiagnosticReport'] };
  for (let count = 0; ; count++) {
    const headers = { 'idempotency-key': randomUUID(), prefer: 'respond-async' };
    const started = await pollUntil(async () => {
      if (signal.aborted) return 'aborted';
      return call<{ id: string }>('POST', `${path}/enhanced-sync`, body, headers).catch(toRefusal);
    }, within);
    if (started === 'aborted') return { count };
    if (!started) return { count, fault: 'no sync was accepted in time' };
    if (started instanceof ApiError) return { count, fault: `a sync was refused: ${started.message}` };
    const { id } = started;
    const status = await pollUntil(async () => {
      const run = await call<{ status: string }>('GET', `${path}/sync-runs/${id}`);
      return run.status === 'IN_PROGRESS' ? undefined : run.status;
    }, within);
    if (status !== 'COMPLETED') return { count, fault: `the sync ${id} ${status ? `is ${status}` : 'has not ended'}` };
  }
}

/** @throws an outage, in which a careful client tries again */
function toRefusal(error: unknown): ApiError {
  if (error instanceof ApiError && error.status < 500) return error;
  throw error;
}
