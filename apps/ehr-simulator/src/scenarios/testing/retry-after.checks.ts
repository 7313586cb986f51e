import { expect } from '@jest/globals';
import type { SimulatorClient } from '../../testing/simulator-client.ts';
import type { Check, Checks } from './check.ts';
import { json, startExport } from './probe.ts';

/** The Retry-After of a first status request, which is a 202, and that a later one has the manifest. */
async function firstRetryAfter(client: SimulatorClient): Promise<string | null> {
  const statusUrl = await startExport(client);
  const first = await client.get(statusUrl, json);
  expect(first.status).toBe(202);
  expect((await client.export('/Patient/$export?_type=Patient')).output).toHaveLength(1);
  return first.headers.get('retry-after');
}

function retryAfterIs(expected: string | null): Check {
  return async (client) => expect(await firstRetryAfter(client)).toBe(expected);
}

export const retryAfterChecks = {
  'retry-after-seconds': retryAfterIs('2'),
  'retry-after-date': async (client) => {
    const text = (await firstRetryAfter(client)) ?? '';
    expect(new Date(text).toUTCString()).toBe(text);
    expect(Math.abs(Date.parse(text) - Date.now())).toBeLessThan(10_000);
  },
  'retry-after-epoch': async (client) => {
    expect(Math.abs(Number(await firstRetryAfter(client)) - Date.now() / 1000)).toBeLessThan(10);
  },
  'retry-after-five-hours': retryAfterIs('18000'),
  'retry-after-negative': retryAfterIs('-1'),
  'retry-after-text': retryAfterIs('soon'),
  'no-retry-after': retryAfterIs(null),
} satisfies Checks;
