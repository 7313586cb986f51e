import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf, runApp } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';

const usable = {
  REDIS_URL: 'redis://127.0.0.1:1',
  MONGODB_URI: 'mongodb://127.0.0.1:1/none',
  BULKHEAD_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
};
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-main-'));
afterAll(() => rm(folder, { recursive: true }));

/** Starts the process as an operator does. */
async function run(env: Record<string, string>, name = 'main') {
  const { code, stdout, stderr } = await runApp({ program: programOf('api', name), env });
  return { code, lines: (stdout + stderr).trimEnd().split('\n') };
}

test('the API process reports a missing environment with one error that lists every variable', async () => {
  expect(await run({})).toEqual({
    code: 1,
    lines: [
      'The environment is not usable:',
      expect.stringMatching(/^ {2}- REDIS_URL: must be a redis/),
      expect.stringMatching(/^ {2}- MONGODB_URI: /),
      expect.stringMatching(/^ {2}- BULKHEAD_ENCRYPTION_KEY: /),
    ],
  });
});

test('the API process reports a wrong environment with one error that does not repeat its values', async () => {
  const { code, lines } = await run({
    REDIS_URL: 'http://user:planted-password@host',
    MONGODB_URI: 'postgres://planted-password',
    BULKHEAD_ENCRYPTION_KEY: 'planted-password',
    PORT: '99999',
    LOG_LEVEL: 'loud',
    ATHENAHEALTH_FHIR_ENDPOINT: 'ftp://planted-password',
  });
  expect(code).toBe(1);
  expect(lines.map((line) => /^ {2}- (\w+): /.exec(line)?.[1]).sort()).toEqual([
    'ATHENAHEALTH_FHIR_ENDPOINT',
    'BULKHEAD_ENCRYPTION_KEY',
    'LOG_LEVEL',
    'MONGODB_URI',
    'PORT',
    'REDIS_URL',
    undefined,
  ]);
  expect(lines.join()).not.toContain('planted-password');
});

test('the API process reports all faults of a broken providers file', async () => {
  const file = join(folder, 'providers.json');
  await writeFile(file, JSON.stringify([{ id: 'Bad Id', name: '', environments: {}, rateLimit: { limit: 0 } }]));
  const { code, lines } = await run({ ...usable, BULKHEAD_PROVIDERS_FILE: file });
  expect(code).toBe(1);
  const faults = ['id', 'name', 'defaultEnvironment', 'rateLimit.limit', 'rateLimit.windowMs', 'rateLimit.perDay'];
  for (const fault of faults) expect(lines.join('\n')).toContain(`0.${fault}: `);
  expect(lines.filter((line) => /^\s+at /.test(line))).toEqual([]);
});

test('the API process reports a missing providers file', async () => {
  const { code, lines } = await run({ ...usable, BULKHEAD_PROVIDERS_FILE: join(folder, 'none.json') });
  expect([code, lines]).toEqual([
    1,
    ['The environment is not usable:', expect.stringContaining('BULKHEAD_PROVIDERS_FILE')],
  ]);
});

test('the API process does not start while AWS KMS does not respond, and says what to do without showing the wrapped key', async () => {
  const wrapped = Buffer.from('planted-ciphertext').toString('base64');
  const { code, lines } = await run({
    ...usable,
    BULKHEAD_ENCRYPTION_KEY: `aws-kms:arn:aws:kms:us-east-1:111122223333:key/1234abcd:${wrapped}`,
    AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'planted-id',
    AWS_SECRET_ACCESS_KEY: 'planted-secret',
  });
  expect([code, lines]).toEqual([
    1,
    [
      'The environment is not usable:',
      '  - BULKHEAD_ENCRYPTION_KEY: AWS KMS did not respond (ECONNREFUSED). Check the network, and AWS_ENDPOINT_URL_KMS if it is set, and start the process again.',
    ],
  ]);
});

test('the API process stops with exit code 1 if MongoDB is not available, and says so in one line', async () => {
  const { code, lines } = await run(usable);
  expect(code).toBe(1);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    msg: 'start failed',
    code: 'unavailable',
    reason: expect.stringMatching(/^MongoDB does not respond \(connect ECONNREFUSED.*Check MONGODB_URI/),
  });
});

test('a command reports in one line that MongoDB does not respond', async () => {
  const { code, lines } = await run(usable, 'migrate');
  expect([code, lines]).toEqual([1, [expect.stringContaining('Check MONGODB_URI')]]);
});
