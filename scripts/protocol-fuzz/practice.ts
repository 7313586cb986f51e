import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, ApiError, createApiClient } from '../system/api-client.ts';
import type { FuzzedSystem, Slot } from './start-fuzzed-system.ts';

/** A defect of the product that a round found. */
export interface Finding {
  /**
   * Data are missing or wrong without a report; the number of requests has no bound; something does not end; erased
   * data is stored.
   */
  readonly kind: 'silent' | 'unbounded' | 'stuck' | 'erased';
  readonly text: string;
}

/**
 * A file that fails ten times takes 43 minutes, two minutes on the fast clock, and other rounds may use the processor.
 */
const endsWithinMs = 600_000;
const checkEveryMs = 300;
/** Enough for some seconds in which the machine is busy. */
const maxTries = 40;
const unavailableMs = 500;

/** A connection to the server of a slot. */
export interface Practice {
  readonly system: FuzzedSystem;
  readonly slot: Slot;
  readonly call: ApiClient;
  readonly connectionId: string;
}

/** @param more of the connection */
export async function openPractice(system: FuzzedSystem, slot: Slot, more: object = {}): Promise<Practice> {
  const callOnce = createApiClient(system);
  const call: ApiClient = (...request) => againIfUnavailable(() => callOnce(...request));
  return { system, slot, call, connectionId: await createConnection(call, { ...slot, more }) };
}

/**
 * Sends a request again after a 503, which says that nothing was accepted. The API's time limit for a Redis command
 * runs out twenty times as fast here, which happens on a busy machine.
 */
export async function againIfUnavailable<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 503) || tries === maxTries) throw error;
      await delay(unavailableMs);
    }
  }
}

async function createConnection(
  call: ApiClient,
  { provider, server, more }: Slot & { readonly more: object },
): Promise<string> {
  server.follow({ period: 1 });
  const auth = { method: 'client_credentials' };
  const body = { provider, practiceId: 'hostile', schedule: false, force: true, auth, ...more };
  return (await call<{ id: string }>('POST', '/api/ehr/connections', body)).id;
}

/** @returns the id of the started run, also if the API reports that it failed at once */
export async function start(
  { call, slot, connectionId }: Practice,
  { path, body }: { readonly path: string; readonly body: object },
): Promise<string> {
  const url = `/api/ehr/${slot.provider}/${path}`;
  try {
    return (await call<{ id: string }>('POST', url, { connectionId, ...body }, { prefer: 'respond-async' })).id;
  } catch (error) {
    const { exportId } = ((error instanceof ApiError && error.details) || {}) as { readonly exportId?: string };
    if (exportId === undefined) throw error;
    return exportId;
  }
}

export async function untilEnded<Record>(
  read: () => Promise<Record | undefined>,
  hasEnded: (record: Record) => boolean,
  everyMs = checkEveryMs,
): Promise<Record> {
  const deadlineMs = performance.now() + endsWithinMs;
  for (;;) {
    const record = await read();
    if (!record) throw new Error('the record no longer exists');
    if (hasEnded(record) || performance.now() > deadlineMs) return record;
    await delay(everyMs);
  }
}

export function silentIfAny(text: string, missing: readonly string[]): Finding[] {
  return missing.length === 0 ? [] : [{ kind: 'silent', text: `${text} ${missing.join(', ')}` }];
}
