import { expect, test } from '@jest/globals';
import { readApiConfig } from './env.ts';

const env = {
  REDIS_URL: 'redis://localhost',
  MONGODB_URI: 'mongodb://localhost/x',
  BULKHEAD_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
};

test.each([
  { text: '', expected: 0 },
  { text: '1', expected: 1 },
  { text: 'loopback, 10.0.0.0/8,2001:db8::/32', expected: ['loopback', '10.0.0.0/8', '2001:db8::/32'] },
])('TRUST_PROXY="$text" is accepted', async ({ text, expected }) => {
  expect((await readApiConfig({ ...env, TRUST_PROXY: text })).TRUST_PROXY).toEqual(expected);
});

test.each(['true', 'all', '10.0.0.0/33', '10.0.0', '1.5', '10.0.0.1/8/8'])(
  'TRUST_PROXY="%s" is refused',
  async (text) => {
    await expect(readApiConfig({ ...env, TRUST_PROXY: text })).rejects.toThrow(/TRUST_PROXY/);
  },
);

test.each([
  { name: 'METRICS_TOKEN', text: 'short' },
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', text: 'collector:4318' },
  { name: 'OTEL_TRACES_SAMPLER_ARG', text: '10' },
])('$name="$text" is refused', async ({ name, text }) => {
  await expect(readApiConfig({ ...env, [name]: text })).rejects.toThrow(new RegExp(`${name}: `));
});
