import type { NewAuditEvent } from '@bulkhead/access/audit';
import { createLogger } from '@bulkhead/base';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { RefusedAttempts } from './refused-attempts.ts';

let events: NewAuditEvent[];
let attempts: RefusedAttempts;
beforeEach(() => {
  events = [];
  attempts = new RefusedAttempts({
    audit: { append: async (event) => void events.push(event) },
    logger: createLogger({ name: 'api', level: 'silent' }),
  });
});

const attempt = { action: 'authenticate' as const, address: '203.0.113.1', code: 'unauthenticated' as const };
const sum = () => events.reduce((total, { count = 0 }) => total + count, 0);

test('refused attempts from one address become two events an hour: the first at once, then the sum of the others', async () => {
  for (let n = 0; n < 500; n++) attempts.note(attempt);
  expect(events).toMatchObject([{ ...attempt, outcome: 'refused', actor: { kind: 'nobody' }, count: 1 }]);
  await attempts.flush();
  expect(events.map(({ count }) => count)).toEqual([1, 499]);
  await attempts.flush();
  attempts.note(attempt);
  expect(events.map(({ count }) => count)).toEqual([1, 499, 1]);
});

test('refused attempts are counted separately by address, code and key', () => {
  attempts.note(attempt);
  attempts.note({ ...attempt, address: '203.0.113.2' });
  attempts.note({ ...attempt, code: 'api-key-expired', keyId: 'key_1' });
  expect(events.map(({ address, code, target }) => [address, code, target])).toEqual([
    ['203.0.113.1', 'unauthenticated', {}],
    ['203.0.113.2', 'unauthenticated', {}],
    ['203.0.113.1', 'api-key-expired', { keyId: 'key_1' }],
  ]);
});

test('all addresses of an IPv6 network are recorded as one', async () => {
  for (let n = 0; n < 5000; n++) attempts.note({ ...attempt, address: `2001:db8::${n.toString(16)}` });
  await attempts.stop();
  expect(events.map(({ address, count }) => [address, count])).toEqual([
    ['2001:db8:0:0::/64', 1],
    ['2001:db8:0:0::/64', 4999],
  ]);
});

test('refused attempts from any number of networks become at most 202 events an hour, and all are counted', async () => {
  jest.useFakeTimers();
  attempts.start();
  for (let minute = 0; minute < 59; minute++) {
    for (let n = 0; n < 500; n++) attempts.note({ ...attempt, address: `203.0.${n % 250}.${minute}` });
    jest.advanceTimersByTime(60_000);
  }
  await attempts.stop();
  jest.useRealTimers();
  expect(events.length).toBeLessThanOrEqual(202);
  expect(sum()).toBe(59 * 500);
});
