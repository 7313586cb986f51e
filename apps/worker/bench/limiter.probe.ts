// Started by scripts/bench: one of several processes that send requests through the shared limiter.

import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@bulkhead/connections';
import { createEhrClient, resourceAnswer } from '@bulkhead/ehr';
import { athenahealthRateLimit, createProviderRegistry } from '@bulkhead/ehr/providers';
import { createRateLimiter } from '@bulkhead/ehr/rate-limiter';
import { connectRedis } from '@bulkhead/queues';
import { serveProbe } from './serve-probe.ts';

type Priority = 'poll' | 'download' | 'crawl';

const { REDIS_URL: url = '', FHIR_ENDPOINT: fhirEndpoint = '', PREFIX: prefix = '' } = process.env;
const redis = connectRedis({ url, waiting: true, onError: () => undefined });
const registry = createProviderRegistry({ ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint });
const unused = () => Promise.reject(new Error('these requests carry no token'));
const tokenStore = {
  read: unused,
  takeLease: unused,
  extendLease: unused,
  releaseLease: unused,
  bindSecret: unused,
  save: unused,
  fail: unused,
};
const client = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys: { findForSigning: unused } });
const connection: Connection = {
  id: `conn_${process.pid}`,
  name: 'Practice 1',
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint,
  auth: { method: 'none' },
  createdAt: new Date(),
};
const session = client.session(connection);

/** @returns the time from the call until the request is sent, in ms */
async function send(priority: Priority): Promise<number> {
  const calledAt = performance.now();
  let waitedMs = 0;
  await session.send({
    method: 'GET',
    url: `${fhirEndpoint}/metadata`,
    headers: { accept: 'application/fhir+json' },
    priority,
    answer: resourceAnswer,
    retries: 0,
    sendToken: false,
    onSend: () => {
      waitedMs = performance.now() - calledAt;
    },
  });
  return waitedMs;
}

serveProbe({
  /** Always has requests to send, `waiting` at a time. */
  hammer:
    async ({ seconds, priority, waiting }: { seconds: number; priority: Priority; waiting: number }) =>
    async () => {
      const endsAt = performance.now() + seconds * 1000;
      let units = 0;
      const sender = async (): Promise<void> => {
        while (performance.now() < endsAt) {
          await send(priority);
          units += 1;
        }
      };
      await Promise.all(Array.from({ length: waiting }, sender));
      return { units };
    },

  /** Like `hammer`, for many budgets and without requests. It shows what the limiter costs if Redis is busy. */
  grants:
    async ({ seconds, budgets, waiting }: { seconds: number; budgets: number; waiting: number }) =>
    async () => {
      const limiter = createRateLimiter({ redis, prefix });
      const endsAt = performance.now() + seconds * 1000;
      let units = 0;
      const sender = async (id: string): Promise<void> => {
        const budget = { id, name: id, rateLimit: { ...athenahealthRateLimit, coldStart: 'go' } } as const;
        while (performance.now() < endsAt) {
          const { settle } = await limiter.acquire({ budget, priority: 'crawl' });
          await delay(3);
          settle();
          units += 1;
        }
      };
      const ids = Array.from({ length: budgets * waiting }, (_, index) => `budget-${index % budgets}`);
      await Promise.all(ids.map(sender));
      limiter.close();
      return { units };
    },

  /** Sends `size` requests at once, then none for `everyMs`. */
  bursts:
    async ({ seconds, size, everyMs }: { seconds: number; size: number; everyMs: number }) =>
    async () => {
      const endsAt = performance.now() + seconds * 1000;
      let units = 0;
      while (performance.now() < endsAt) {
        await Promise.all(Array.from({ length: size }, () => send('crawl')));
        units += size;
        await delay(everyMs);
      }
      return { units };
    },

  /** Sends a poll every `everyMs`, one after the other. */
  polls:
    async ({ seconds, everyMs }: { seconds: number; everyMs: number }) =>
    async () => {
      const endsAt = performance.now() + seconds * 1000;
      const waitsMs: number[] = [];
      while (performance.now() < endsAt) {
        waitsMs.push(await send('poll'));
        await delay(everyMs);
      }
      waitsMs.sort((left, right) => left - right);
      const at = (share: number) => waitsMs[Math.max(Math.ceil(waitsMs.length * share) - 1, 0)] ?? 0;
      return { units: waitsMs.length, details: { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) } };
    },
});
