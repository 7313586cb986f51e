import { afterEach, expect, test } from '@jest/globals';
import { jsonOf, manualClock, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

async function requests(count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await simulator.get('/Patient/a-195900.E-1')).status);
  return statuses;
}

test('the traffic recorder allows 16 requests in two seconds and records the 17th as a violation', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock });
  await requests(16);
  await simulator.control('GET', '/stats');
  expect((await simulator.violations()).byKind.rate).toBe(0);
  expect(new Set(await requests(1))).toEqual(new Set([200]));
  expect((await simulator.violations()).byKind.rate).toBe(1);
  clock.advance(2000);
  await requests(16);
  expect((await simulator.violations()).byKind.rate).toBe(1);
});

test('the traffic recorder answers 429 with rate limit headers if the limit is enforced', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock, rateLimit: true });
  expect((await requests(18)).slice(15)).toEqual([200, 429, 429]);
  const refused = await simulator.get('/metadata');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
  clock.advance(2000);
  expect(await requests(1)).toEqual([200]);
});

test('the traffic recorder records a violation of the daily limit', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock, requestsPerDay: 3 });
  await requests(4);
  expect((await simulator.violations()).byKind.day).toBe(1);
  clock.advance(24 * 60 * 60 * 1000);
  await requests(1);
  expect((await simulator.violations()).byKind.day).toBe(1);
});

test('the traffic recorder records requests without their queries and tokens', async () => {
  simulator = await startSimulatorClient();
  await simulator.get('/Observation?patient=a-195900.E-1', { 'ah-practice': 'x' });
  const text = await (await simulator.control('GET', '/requests')).text();
  const { requests: recorded } = JSON.parse(text);
  expect(recorded.at(-1)).toMatchObject({ method: 'GET', path: '/fhir/r4/Observation', status: 400, complete: true });
  expect(recorded.at(-1).headers).toMatchObject({ authorization: 'Bearer', 'ah-practice': 'x' });
  expect(recorded.at(-1).bytesSent).toBeGreaterThan(100);
  expect(text).not.toContain('a-195900.E-1');
  expect((await jsonOf(simulator.control('GET', '/stats'))).statuses).toEqual({ 200: 1, 400: 1 });
  await simulator.control('DELETE', '/requests');
  expect((await jsonOf(simulator.control('GET', '/requests'))).total).toBe(0);
});

test('the traffic recorder records wrong Accept headers and invalid tokens until the violations are cleared', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock, tokenSeconds: 100 });
  const statusUrl = (await simulator.kickOff()).headers.get('content-location') ?? '';
  await simulator.get(statusUrl, { accept: '*/*' });
  await simulator.get('/Patient/a-195900.E-1', { authorization: 'Bearer invented' });
  clock.advance(100_000);
  expect(await requests(1)).toEqual([401]);
  expect((await simulator.violations()).violations.map(({ reason }) => reason)).toEqual([
    'status without Accept: application/json',
    'unknown access token',
    'expired access token',
  ]);
  await simulator.control('DELETE', '/violations');
  expect((await simulator.violations()).byKind).toEqual({ rate: 0, day: 0, token: 0, headers: 0 });
});
