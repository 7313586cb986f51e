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
  { what: 'a server that evicts nothing and keeps its data', of: server({}), faults: [] },
  {
    what: 'a server that may evict keys',
    of: server({ settings: { ...safe, 'maxmemory-policy': 'allkeys-lru' } }),
    faults: [/may drop jobs/],
  },
  {
    what: 'a server that loses its data',
    of: server({ settings: { ...safe, appendonly: 'no' } }),
    faults: [/loses the queues/],
  },
  { what: 'a server that refuses CONFIG', of: server({ settings: new Error('NOPERM') }), faults: [] },
  { what: 'a node of a cluster', of: server({ cluster: 1 }), faults: [/single primary/] },
])('checkRedis reports the faults of $what', async ({ of, faults }) => {
  expect(await checkRedis(of)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});
