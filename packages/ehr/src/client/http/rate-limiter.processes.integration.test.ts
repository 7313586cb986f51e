import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createSimulatorControl, programOf, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { athenahealthRateLimit } from '../../providers/index.ts';
import { readBudgets } from '../../rate-limiter/index.ts';

const sender = fileURLToPath(new URL('../testing/send-requests.process.ts', import.meta.url));
const processes = 4;
const requestsEach = 15;

test('four processes that share a budget exceed no limit of athenahealth and use most of it', async () => {
  const { fhirEndpoint, stop } = await startSimulator();
  try {
    await sendFromProcesses({ ...testServices(), fhirEndpoint });
    const control = createSimulatorControl({ baseUrl: new URL(fhirEndpoint).origin });
    expect((await control.violations()).violations).toEqual([]);
    const requests = await control.requests();
    const arrivals = requests.map(({ arrivedAtMs }) => arrivedAtMs).sort((left, right) => left - right);
    expect(requests.map(({ status }) => status)).toEqual(Array.from({ length: processes * requestsEach }, () => 200));
    // 60 requests at 16 per 2 s take three windows and the start of a fourth, which is 6 s and the guard times.
    const tookMs = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
    expect(tookMs).toBeGreaterThan(6000);
    // With half of the budget they would take 15 s.
    expect(tookMs).toBeLessThan(12_000);
  } finally {
    await stop();
  }
});

test('the day of a budget counts what the EHR has received, also if starved processes give most of their slots back', async () => {
  const { redisUrl, prefix } = testServices();
  const { fhirEndpoint, stop } = await startSimulator({ SIMULATOR_RATE_LIMIT: 'off' });
  const redis = new Redis(redisUrl);
  try {
    await sendFromProcesses({ redisUrl, prefix, fhirEndpoint, blockedMs: 600 });
    const control = createSimulatorControl({ baseUrl: new URL(fhirEndpoint).origin });
    const received = (await control.requests()).length;
    expect(received).toBe(processes * requestsEach);
    const id = `athenahealth.production.${new URL(fhirEndpoint).host}`;
    const budgets = [{ id, name: id, rateLimit: athenahealthRateLimit }];
    expect((await readBudgets({ redis, prefix, budgets }))[0]?.day).toBe(received);
    // What the next reservation compares with the budget of the day.
    expect(Number(await redis.hget(`${prefix}:rate:{${id}}:state`, 'dayTotal'))).toBe(received);
  } finally {
    redis.disconnect();
    await stop();
  }
});

/** Runs the senders until all of their requests are answered. */
async function sendFromProcesses(options: {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly fhirEndpoint: string;
  readonly blockedMs?: number;
}) {
  const { redisUrl, prefix, fhirEndpoint, blockedMs = 0 } = options;
  const codes = await Promise.all(
    Array.from({ length: processes }, async () => {
      const args = [redisUrl, prefix, fhirEndpoint, String(requestsEach), String(blockedMs)];
      const child = spawn(process.execPath, [sender, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = await once(child, 'close');
      return code;
    }),
  );
  expect(codes).toEqual(Array.from({ length: processes }, () => 0));
}

/**
 * Runs in a separate process. In this one, a garbage collection of all earlier tests would stop the clock that dates the requests.
 */
async function startSimulator(change: Record<string, string> = {}) {
  const settings = { SIMULATOR_PORT: '0', SIMULATOR_PATIENTS: '1', SIMULATOR_RATE_LIMIT: 'on', ...change };
  const env = { ...process.env, ...settings };
  const child = spawn(process.execPath, [programOf('ehr-simulator')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url: fhirEndpoint } = JSON.parse(line) as { url: string };
  const stop = async () => {
    child.kill();
    await closed;
  };
  return { fhirEndpoint, stop };
}
