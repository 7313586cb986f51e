import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosSystem } from '../system/start-chaos-system.ts';

export interface ExportOrder {
  readonly system: ChaosSystem;
  readonly since: 'last' | undefined;
  readonly timeoutMs: number;
}

/** The pause of a client between two attempts. */
const retryMs = 200;
/** The API waits up to 5 s for the kick-off, and longer if MongoDB does not answer. */
const answerTimeoutMs = 15_000;

/**
 * Starts an export as a careful client does: it repeats the POST with the same Idempotency-Key until it gets an answer.
 *
 * @returns the export's id; undefined if no answer came in time
 */
export async function orderExport({ system, since, timeoutMs }: ExportOrder): Promise<string | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  const key = randomUUID();
  while (performance.now() < deadlineMs) {
    const exportId = await tryOnce({ system, since, key });
    if (exportId !== undefined) return exportId;
    await delay(retryMs);
  }
  return undefined;
}

type Attempt = Pick<ExportOrder, 'system' | 'since'> & { readonly key: string };

async function tryOnce(attempt: Attempt): Promise<string | undefined> {
  const response = await post(attempt);
  if (!response || response.status >= 500) return undefined;
  const { data, error } = (await response.json()) as KickOffBody;
  if (response.status === 202) return data?.id;
  const running = response.status === 409 ? error?.details?.exportId : undefined;
  if (running === undefined) throw new Error(`the API refused the export: ${response.status} ${error?.code}`);
  // Either the export of the first attempt, or the reservation that the API made before it was killed. Only an export
  // can be followed.
  return (await attempt.system.store.bulkExports.find(running).catch(() => undefined)) && running;
}

interface KickOffBody {
  readonly data?: { readonly id: string };
  readonly error?: { readonly code: string; readonly details?: { readonly exportId?: string } };
}

/** @returns undefined if the API is down or is killed during the request */
async function post({ system, since, key }: Attempt): Promise<Response | undefined> {
  const { baseUrl, apiKey, connectionId } = system;
  try {
    const response = await fetch(`${baseUrl}/api/ehr/athenahealth/bulk-export`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ connectionId, exportType: 'Patient', ...(since === undefined ? {} : { since }) }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const body = await response.text();
    return new Response(body, { status: response.status });
  } catch {
    return undefined;
  }
}
