import { randomBytes } from 'node:crypto';
import { createStore } from '@bulkhead/system';
import { programOf, runApp, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';

const { redisUrl, mongodbUri, prefix } = testServices();
const services = { REDIS_URL: redisUrl, MONGODB_URI: mongodbUri, BULKHEAD_PREFIX: prefix };

/** Starts the process as an operator does. */
async function run(env: Record<string, string>) {
  const { code, stdout, stderr } = await runApp({ program: programOf('worker'), env });
  return { code, output: stdout + stderr };
}

test('the worker does not start without an encryption key', async () => {
  const { code, output } = await run(services);
  expect([code, output]).toEqual([1, expect.stringMatching(/^ {2}- BULKHEAD_ENCRYPTION_KEY: /m)]);
});

test('the worker does not start with a key that did not encrypt the data, and says what to do', async () => {
  const store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
  await store.connect();
  await store.close();
  const BULKHEAD_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const { code, output } = await run({ ...services, BULKHEAD_ENCRYPTION_KEY });
  expect([code, output]).toEqual([1, expect.stringContaining('BULKHEAD_PREVIOUS_ENCRYPTION_KEYS')]);
  expect(output).not.toContain(BULKHEAD_ENCRYPTION_KEY);
});
