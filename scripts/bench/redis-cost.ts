import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BenchRow } from './bench.ts';
import type { Measurement } from './probe.ts';
import { readRedisUsage } from './redis-usage.ts';

/** Of a request, in microseconds of Redis' CPU time. */
export interface RedisCost {
  readonly cpu: number;
  /** Of PINGs, one for each question and at their pace: a server that rests wakes up for each. */
  readonly pings: number;
  readonly script: number;
  /** To the limiter: those that are denied are asked again. */
  readonly questions: number;
}

export function redisCostRows(name: string, { cpu, pings, script, questions }: RedisCost): BenchRow[] {
  const cost = { value: cpu, floor: pings, ratio: cpu / pings };
  return [
    {
      ...{ name: `${name}: cost; floor: a PING a question`, ...cost, unit: 'µs of Redis/request', runs: [cost] },
      goal: { of: 'value', atMost: 100 },
    },
    shown({ name: `${name}: of it in the script`, value: script, unit: 'µs/request' }),
    shown({ name: `${name}: questions`, value: questions, unit: 'a request' }),
  ];
}

/** What Redis uses for the requests of some work, beyond what it does when nothing is asked. */
export async function redisCostOf(options: { readonly redisUrl: string; readonly work: () => Promise<Measurement[]> }) {
  const { redisUrl, work } = options;
  const idle = await useOfRedis(redisUrl, () => delay(10_000));
  const busy = await useOfRedis(redisUrl, work);
  const answers = busy.result;
  const requests = answers.reduce((sum, { units }) => sum + units, 0);
  const questions = busy.scriptCalls / requests;
  const pinged = await useOfRedis(redisUrl, () =>
    ping({ redisUrl, everyMs: (busy.seconds / busy.scriptCalls) * 1000 }),
  );
  const cpu = ({ cpuSeconds, seconds }: typeof busy | typeof pinged) =>
    (cpuSeconds - (idle.cpuSeconds / idle.seconds) * seconds) * 1e6;
  const cost: RedisCost = {
    cpu: cpu(busy) / requests,
    pings: (cpu(pinged) / pinged.result) * questions,
    script: (busy.scriptSeconds * 1e6) / requests,
    questions,
  };
  return { answers, cost };
}

async function useOfRedis<Result>(url: string, work: () => Promise<Result>) {
  const before = await readRedisUsage(url);
  const startedAt = performance.now();
  const result = await work();
  const after = await readRedisUsage(url);
  return {
    result,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    scriptSeconds: after.scriptSeconds - before.scriptSeconds,
    scriptCalls: after.scriptCalls - before.scriptCalls,
  };
}

/** @returns how many. */
async function ping({ redisUrl, everyMs }: { readonly redisUrl: string; readonly everyMs: number }): Promise<number> {
  const redis = new Redis(redisUrl);
  const count = Math.min(Math.ceil(20_000 / everyMs), 2000);
  for (let index = 0; index < count; index++) {
    await redis.ping();
    await delay(everyMs);
  }
  redis.disconnect();
  return count;
}

function shown(row: Pick<BenchRow, 'name' | 'value' | 'unit'>): BenchRow {
  return { ...row, goal: { of: 'value' }, runs: [row] };
}
