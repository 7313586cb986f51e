import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseEnv } from '../runtime/index.ts';
import { encryptionEnvShape } from './env.ts';

const read = (env: object) => parseEnv(z.object(encryptionEnvShape), { BULKHEAD_ENCRYPTION_KEY: plainKey(0), ...env });

test('a missing key is reported with the expected form', () => {
  expect(() => parseEnv(z.object(encryptionEnvShape), {})).toThrow(/ENCRYPTION_KEY: must be 32 bytes in base64, as/);
});

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const plainKey = (byte: number) => Buffer.alloc(32, byte).toString('base64');

test.each([
  { what: 'wrapped keys', first: `aws-kms:${keyArn}:AAE=`, second: `aws-kms:${keyArn}:AAI=` },
  { what: 'plain keys', first: plainKey(1), second: plainKey(2) },
])('white space around $what is ignored, as in a secret that ends with a line break', ({ first, second }) => {
  const config = read({
    BULKHEAD_ENCRYPTION_KEY: `${first}\n`,
    BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: `${first}, ${second}\n`,
  });
  expect(config).toMatchObject({
    BULKHEAD_ENCRYPTION_KEY: first,
    BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: [first, second],
  });
});

test.each(['\n', ' ', ';', ''])(
  'previous keys that are separated by %j instead of a comma are refused',
  (separator) => {
    const keys = [plainKey(1), plainKey(2)].join(separator);
    expect(() => read({ BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: keys })).toThrow(
      /must be 32 bytes in base64.*Separate several keys by commas/,
    );
  },
);
