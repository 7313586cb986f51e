import { expect, test } from '@jest/globals';
import { exposedConnections } from './exposed-connections.ts';

const safe = {
  REDIS_URL: 'rediss://:word@redis.example:6380',
  MONGODB_URI: 'mongodb+srv://user:word@cluster.example/bulkhead',
};
const redisFaults = (REDIS_URL: string) => exposedConnections({ ...safe, REDIS_URL });
const mongodbFaults = (MONGODB_URI: string) => exposedConnections({ ...safe, MONGODB_URI });
const noTls = expect.stringMatching(/is not encrypted\. (Use a rediss|Add tls=true)/);
const noPassword = expect.stringMatching(/has no password\. (Set|Create)/);

test.each([
  'redis://localhost:6379',
  'redis://127.0.0.1:6379',
  'redis://127.8.0.1',
  'redis://[::1]:6379',
  'rediss://user:word@redis.example',
])('the connection to Redis at %s is not exposed', (address) => {
  expect(redisFaults(address)).toEqual([]);
});

test.each([
  { address: 'redis://redis:6379', faults: [noTls, noPassword] },
  { address: 'redis://:word@10.0.0.5:6379', faults: [noTls] },
  { address: 'rediss://redis.example', faults: [noPassword] },
  { address: 'redis://127.0.0.1.example', faults: [noTls, noPassword] },
])('the connection to Redis at $address is reported', ({ address, faults }) => {
  expect(redisFaults(address)).toEqual(faults);
});

test.each([
  'mongodb://127.0.0.1:27017/bulkhead',
  'mongodb://localhost,localhost:27018/bulkhead?replicaSet=rs',
  'mongodb://%2Ftmp%2Fmongodb-27017.sock/bulkhead',
  'mongodb://[::1]:27017/bulkhead',
  'mongodb://user:word@a.example,b.example/bulkhead?tls=true',
  'mongodb://a.example/bulkhead?tls=true&authMechanism=MONGODB-X509',
])('the connection to MongoDB at %s is not exposed', (address) => {
  expect(mongodbFaults(address)).toEqual([]);
});

test.each([
  { address: 'mongodb://mongodb:27017/bulkhead?directConnection=true', faults: [noTls, noPassword] },
  { address: 'mongodb://user:word@a.example/bulkhead', faults: [noTls] },
  { address: 'mongodb://localhost,a.example/bulkhead?ssl=true', faults: [noPassword] },
  { address: 'mongodb+srv://user:word@a.example/bulkhead?tls=false', faults: [noTls] },
])('the connection to MongoDB at $address is reported', ({ address, faults }) => {
  expect(mongodbFaults(address)).toEqual(faults);
});

test('a reported connection is described without its host and password', () => {
  const faults = exposedConnections({
    REDIS_URL: 'redis://:word@redis.example',
    MONGODB_URI: 'mongodb://user:word@a.example/x',
  });
  expect(faults).toHaveLength(2);
  expect(faults.join(' ')).not.toMatch(/example|word|user:/);
});
