import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ClientKeys } from './client-keys.ts';

const jwksUrl = 'https://client.example/jwks.json';
const minuteMs = 60_000;
beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());

/** The keys of a client, whose URL answers what `answer` returns. */
function openKeys() {
  const server = { answer: (): unknown => ({ keys: [{ kid: 'k1' }] }), reads: 0 };
  const keys = new ClientKeys(async () => {
    server.reads += 1;
    return server.answer();
  });
  const has = async (kid: string) => (await keys.find({ jwksUrl }, kid)) !== undefined;
  return { server, has };
}

test.each<{ what: string; answer: () => unknown }>([
  {
    what: 'fails',
    answer: () => {
      throw new Error('connection refused');
    },
  },
  { what: 'answers with an error of a proxy', answer: () => ({ error: 'bad gateway' }) },
  { what: 'answers with no object', answer: () => null },
  { what: 'answers with keys that are not a list', answer: () => ({ keys: {} }) },
])('keys are used for an hour while their URL $what, and no longer', async ({ answer }) => {
  const { server, has } = openKeys();
  expect(await has('k1')).toBe(true);
  const { answer: good } = server;
  server.answer = answer;
  for (const minutes of [6, 12, 59]) {
    jest.setSystemTime(minutes * minuteMs);
    expect([minutes, await has('k1')]).toEqual([minutes, true]);
  }
  // An assertion with an unknown key must not make the known ones unusable.
  expect(await has('k9')).toBe(false);
  expect(await has('k1')).toBe(true);
  jest.setSystemTime(66 * minuteMs);
  expect(await has('k1')).toBe(false);
  server.answer = good;
  jest.setSystemTime(67 * minuteMs);
  expect(await has('k1')).toBe(true);
});

test('a key that its client has removed is refused after five minutes', async () => {
  const { server, has } = openKeys();
  expect(await has('k1')).toBe(true);
  server.answer = () => ({ keys: [] });
  jest.setSystemTime(6 * minuteMs);
  expect(await has('k1')).toBe(false);
});

test('keys are read once in five minutes, and for unknown keys once in half a minute', async () => {
  const { server, has } = openKeys();
  for (let request = 0; request < 10; request++) await has('k1');
  expect(server.reads).toBe(1);
  for (let request = 0; request < 10; request++) await has('k9');
  expect(server.reads).toBe(1);
  jest.setSystemTime(31_000);
  for (let request = 0; request < 10; request++) await has('k9');
  expect(server.reads).toBe(2);
});
