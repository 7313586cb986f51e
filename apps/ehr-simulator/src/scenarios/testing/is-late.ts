import { expect } from '@jest/globals';

/** Timers may be a little early. */
const toleranceMs = 20;

export interface IsLateInput {
  readonly ms: number;
  readonly status: number;
  readonly send: () => Promise<Response>;
}

/** The answer comes no earlier than `ms` after the request. */
export async function isLate({ ms, status, send }: IsLateInput): Promise<void> {
  const startedAtMs = performance.now();
  expect((await send()).status).toBe(status);
  expect(performance.now() - startedAtMs).toBeGreaterThan(ms - toleranceMs);
}
