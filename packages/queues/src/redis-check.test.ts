import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { checkRedis } from './redis.ts';

const safe = { 'maxmemory-policy': 'noeviction', appendonly: 'yes' };

function server({
  settings = safe,
  cluster = 0,
}: {
  settings?: Readonly<Record<string, string>> | Error;
  cluster?: number;
}) {
  const config = async (_get: string, name: string) => {
    if (settings instanceof Error) throw settings;
    return [name, settings[name]];
  };
  return { config, info: async () => `# Cluster\r\ncluster_enabled:${cluster}\r\n` } as unknown as Redis;
}

test.each([
  { what: 'one that evicts nothing and keeps what it has', of: server({}), faults: [] },
  {
    what: 'one that may evict',
    of: server({ settings: { ...safe, 'maxmemory-policy': 'allkeys-lru' } }),
    faults: [/may drop jobs/],
  },
  { what: 'one that forgets', of: server({ settings: { ...safe, appendonly: 'no' } }), faults: [/loses the queues/] },
  { what: 'one that does not tell', of: server({ settings: new Error('NOPERM') }), faults: [] },
  { what: 'a node of a cluster', of: server({ cluster: 1 }), faults: [/single primary/] },
])('the check of a Redis: $what', async ({ of, faults }) => {
  expect(await checkRedis(of)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});
