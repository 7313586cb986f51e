import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseEnv } from './parse-env.ts';
import { processEnvShape } from './process-env.ts';

const good = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  MONGODB_URI: 'mongodb+srv://user:word@cluster.example.org/bulkhead?retryWrites=true',
};
const read = (env: object) => parseEnv(z.object(processEnvShape), { ...good, ...env });

test('the two required variables are each reported if they are missing, with the expected form', () => {
  expect(read({}).MONGODB_URI).toBe(good.MONGODB_URI);
  expect(() => parseEnv(z.object(processEnvShape), {})).toThrow(
    /REDIS_URL: must be a redis.*\n.*MONGODB_URI: must be a mongodb.*/,
  );
});

test.each(['mongodb://127.0.0.1:27017', 'mongodb://127.0.0.1:27017/', 'mongodb://a,b/?replicaSet=rs'])(
  'the MongoDB URI %s is rejected because it names no database',
  (MONGODB_URI) => {
    expect(() => read({ MONGODB_URI })).toThrow('with the name of a database in its path');
  },
);
