import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseEnv } from './parse-env.ts';
import { processEnvShape } from './process-env.ts';

const good = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  MONGODB_URI: 'mongodb+srv://user:word@cluster.example.org/bulkhead?retryWrites=true',
  BULKHEAD_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
};
const read = (env: object) => parseEnv(z.object(processEnvShape), { ...good, ...env });

test('the three required variables are each reported if they are missing, with the expected form', () => {
  expect(read({}).MONGODB_URI).toBe(good.MONGODB_URI);
  expect(() => parseEnv(z.object(processEnvShape), {})).toThrow(
    /REDIS_URL: must be a redis.*\n.*MONGODB_URI: must be a mongodb.*\n.*ENCRYPTION_KEY: must be 32 bytes in base64, as/,
  );
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

test.each(['mongodb://127.0.0.1:27017', 'mongodb://127.0.0.1:27017/', 'mongodb://a,b/?replicaSet=rs'])(
  'the MongoDB URI %s is rejected because it names no database',
  (MONGODB_URI) => {
    expect(() => read({ MONGODB_URI })).toThrow('with the name of a database in its path');
  },
);
