import { createLogger } from '@bulkhead/base';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

/** Starts a system. `lines` is its log. */
async function start() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'worker', level: 'debug', destination });
  const system = await startSystem({ hasWorker: true, simulator: { patients: 2 }, logger });
  const requests = () =>
    lines.map((line) => JSON.parse(line)).filter(({ msg }: { msg: string }) => msg === 'EHR request ended');
  return { ...system, lines, requests };
}

test.concurrent('the worker writes a debug line for each attempt of each request to the EHR, including token requests', async () => {
  await using system = await start();
  const { lines, requests } = system;
  const headers = { 'X-RateLimit-Limit': '16', 'X-RateLimit-Remaining': '3', 'X-RateLimit-Reset': '2' };
  const fault = { kind: 'status', status: 429, retryAfter: '0', headers };
  await system.inject({ method: 'GET', path: '/bulkstatus/' }, fault);
  await system.inject('/bulkdata/', { kind: 'reset' });
  const id = await system.startExport({ resourceTypes: ['Patient'] });
  await system.settled(id);
  const { host } = new URL(system.simulator.baseUrl);
  const common = {
    level: 20,
    provider: 'athenahealth',
    host,
    durationMs: expect.any(Number),
    waitMs: expect.any(Number),
  };
  expect(requests()).toContainEqual(expect.objectContaining({ ...common, kind: 'token', method: 'POST', status: 200 }));
  expect(requests()).toContainEqual(
    expect.objectContaining({ ...common, kind: 'kick-off', status: 202, exportId: id }),
  );
  expect(requests()).toContainEqual(
    expect.objectContaining({
      ...common,
      kind: 'poll',
      method: 'GET',
      status: 429,
      retryAfterSeconds: 0,
      rateLimitLimit: 16,
      rateLimitRemaining: 3,
      rateLimitReset: 2,
    }),
  );
  expect(requests()).toContainEqual(expect.objectContaining({ ...common, kind: 'poll', status: 200 }));
  expect(requests()).toContainEqual(expect.objectContaining({ ...common, kind: 'download', code: 'ECONNRESET' }));
  expect(requests()).toContainEqual(expect.objectContaining({ ...common, kind: 'download', status: 200 }));
  // Paths and queries contain ids of patients and signatures.
  expect(lines.join('')).not.toMatch(/bulkstatus|bulkdata|_type=/);
});

const mark = 'planted8d1f';
const names = [
  'Cache-Control',
  'Content-Language',
  'ETag',
  'Expires',
  'Retry-After',
  'Server',
  'Set-Cookie',
  'Warning',
  'WWW-Authenticate',
  'X-Progress',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
];
const markedHeaders = Object.fromEntries(names.map((name) => [name, mark]));
const issue = [{ severity: 'error', code: mark, diagnostics: mark, details: { text: mark, coding: [{ code: mark }] } }];
const markedBody = { resourceType: 'OperationOutcome', id: mark, issue, error: mark, error_description: mark };

test.concurrent('the worker does not log what the EHR sent in a successful response', async () => {
  await using system = await start();
  const { lines, requests } = system;
  await system.inject('.', { kind: 'headers', set: markedHeaders }, { times: 'always' });
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  expect(requests().filter(({ status }) => status === 200).length).toBeGreaterThan(2);
  expect(lines.filter((line) => line.includes(mark))).toEqual([]);
});

test.concurrent.each([
  { what: 'the token endpoint', path: 'oauth2/v1/token', status: 401, kind: 'token' },
  { what: 'the kick-off', path: '\\$export$', status: 403, kind: 'kick-off' },
  { what: 'the status', path: '/bulkstatus/', status: 410, kind: 'poll' },
  { what: 'a file', path: '/bulkdata/', status: 410, kind: 'download' },
])('the worker does not log what the EHR sent if it answers $what with $status', async ({ path, status, kind }) => {
  await using system = await start();
  const { lines, requests } = system;
  const fault = { kind: 'status', status, headers: markedHeaders, body: markedBody };
  await system.inject(path, fault, { times: 'always' });
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  expect(requests()).toContainEqual(expect.objectContaining({ kind, status }));
  expect(lines.filter((line) => line.includes(mark))).toEqual([]);
});
