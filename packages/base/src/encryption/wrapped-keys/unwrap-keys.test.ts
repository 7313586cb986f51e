import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isKeyText, unwrapKeys } from './unwrap-keys.ts';

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const wrapped = `aws-kms:${keyArn}:${Buffer.from('planted-ciphertext').toString('base64')}`;
const plain = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const awsVariables = ['AWS_ENDPOINT_URL_KMS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_MAX_ATTEMPTS'];
let server: ScriptedServer;
const kmsAnswers = (status: number, body: object): void =>
  server.answer({ '*': { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body } });

beforeEach(async () => {
  server = await startScriptedServer();
  process.env.AWS_ENDPOINT_URL_KMS = server.url;
  process.env.AWS_ACCESS_KEY_ID = 'planted-id';
  process.env.AWS_SECRET_ACCESS_KEY = 'planted-secret';
  // Do not wait between the attempts of the AWS library.
  process.env.AWS_MAX_ATTEMPTS = '1';
});
afterEach(async () => {
  for (const name of awsVariables) delete process.env[name];
  await server.stop();
});

const unwrap = (current: string, previous: readonly string[] = [], env = {}) =>
  unwrapKeys({ BULKHEAD_ENCRYPTION_KEY: current, BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: previous, PORT: 1 }, env);

test('unwrapKeys decodes plain keys and says whether the key came from the variable or from a file', async () => {
  expect(await unwrap(plain(1), [plain(2), plain(3)])).toEqual({
    PORT: 1,
    BULKHEAD_ENCRYPTION_KEY: Buffer.alloc(32, 1),
    BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: [Buffer.alloc(32, 2), Buffer.alloc(32, 3)],
    encryptionKeySource: 'BULKHEAD_ENCRYPTION_KEY, not wrapped',
  });
  const { encryptionKeySource } = await unwrap(plain(1), [], { BULKHEAD_ENCRYPTION_KEY_FILE: '/run/secrets/key' });
  expect(encryptionKeySource).toBe('the file of BULKHEAD_ENCRYPTION_KEY_FILE, not wrapped');
});

test.each([
  { text: wrapped, isKey: true },
  { text: plain(1), isKey: true },
  { text: `${wrapped} `, isKey: false },
  { text: wrapped.replace('111122223333', '1'), isKey: false },
  { text: wrapped.replace(':key/', ':alias/'), isKey: false },
  // The base64 decoder skips invalid characters and would read 32 bytes from this.
  { text: `aws-kms:${'A'.repeat(37)}`, isKey: false },
  { text: 'planted-password', isKey: false },
])('isKeyText returns $isKey for $text', ({ text, isKey }) => {
  expect(isKeyText(text)).toBe(isKey);
});

const refusals = [
  { name: 'IncorrectKeyException', status: 400, says: 'another KMS key wrapped it' },
  { name: 'InvalidCiphertextException', status: 400, says: 'its text was changed' },
  { name: 'NotFoundException', status: 400, says: 'no key with this ARN' },
  { name: 'DisabledException', status: 400, says: 'Enable it' },
  { name: 'KMSInvalidStateException', status: 400, says: 'cancel its deletion' },
  { name: 'AccessDeniedException', status: 400, says: 'allow kms:Decrypt' },
  { name: 'UnrecognizedClientException', status: 400, says: 'Check the credentials' },
  { name: 'KMSInternalException', status: 500, says: 'later' },
  { name: 'ServiceUnavailable', status: 503, says: 'later' },
  { name: 'ThrottlingException', status: 400, says: 'later' },
];
test.each(refusals)("unwrapKeys explains $name without the server's message", async ({ name, status, says }) => {
  kmsAnswers(status, { __type: name, message: 'planted-message' });
  const error = await unwrap(wrapped).catch((cause: Error) => cause);
  expect(String(error)).toContain('BULKHEAD_ENCRYPTION_KEY: ');
  expect(String(error)).toContain(says);
  expect(String(error)).not.toMatch(/planted/);
});

test('unwrapKeys names each variable whose key cannot be unwrapped, once', async () => {
  kmsAnswers(400, { __type: 'DisabledException' });
  await expect(unwrap(wrapped, [plain(1), wrapped, wrapped])).rejects.toMatchObject({
    faults: [
      expect.stringMatching(/^BULKHEAD_ENCRYPTION_KEY: /),
      expect.stringMatching(/^BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: /),
    ],
  });
});

test('unwrapKeys rejects a key that does not have 32 bytes', async () => {
  const Plaintext = Buffer.alloc(16, 'planted').toString('base64');
  kmsAnswers(200, { KeyId: keyArn, Plaintext });
  await expect(unwrap(wrapped)).rejects.toThrow('not a key of 32 bytes');
});

test('unwrapKeys reports that AWS KMS did not answer if nothing listens at its address', async () => {
  await server.stop();
  await expect(unwrap(wrapped)).rejects.toThrow('AWS KMS did not respond');
});
