import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';
import type { Measurement } from './start-worker-probe.ts';

/** The cost of a request, in microseconds of Redis' CPU time. */
export interface RedisCost {
  readonly cpu: number;
  /** The part of it that is spent in scripts. */
  readonly script: number;
  /** The cost of scripts that do nothing, one for each call and at the same pace: an idle server wakes up for each. */
  readonly floor: { readonly cpu: number; readonly script: number };
  /** The number of calls to the limiter. A denied request needs further calls. */
  readonly questions: number;
}

export function redisCostRows(name: string, { cpu, script, floor, questions }: RedisCost): BenchRow[] {
  const of = (value: number, least: number) => ({ value, floor: least, ratio: value / least, runs: [{ value }] });
  const unit = 'µs of Redis/request';
  return [
    { name: `${name}: cost`, ...of(cpu, floor.cpu), unit, goal: { of: 'value', atMost: 100 } },
    { name: `${name}: of it in the script`, ...of(script, floor.script), unit, goal: { of: 'value' } },
    singleRow({ name: `${name}: questions`, value: questions, unit: 'a request', goal: { of: 'value' } }),
  ];
}

/** Measures what Redis uses for the requests of some work, beyond its use when idle. */
export async function redisCostOf(redisUrl: string, work: () => Promise<Measurement[]>) {
  const idle = await useOfRedis(redisUrl, () => delay(10_000));
  const busy = await useOfRedis(redisUrl, work);
  const answers = busy.result;
  const requests = answers.reduce((sum, { units }) => sum + units, 0);
  const questions = busy.scriptCalls / requests;
  const everyMs = (busy.seconds / busy.scriptCalls) * 1000;
  const least = await useOfRedis(redisUrl, () => runEmptyScripts(redisUrl, everyMs));
  const perCall = ({ cpuSeconds, seconds, scriptSeconds, scriptCalls }: Omit<typeof busy, 'result'>) => ({
    cpu: ((cpuSeconds - (idle.cpuSeconds / idle.seconds) * seconds) / scriptCalls) * 1e6,
    script: (scriptSeconds / scriptCalls) * 1e6,
  });
  const perRequest = ({ cpu, script }: ReturnType<typeof perCall>) => ({
    cpu: cpu * questions,
    script: script * questions,
  });
  const cost: RedisCost = { ...perRequest(perCall(busy)), floor: perRequest(perCall(least)), questions };
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

async function runEmptyScripts(redisUrl: string, everyMs: number): Promise<void> {
  const redis = new Redis(redisUrl);
  const sha = (await redis.script('LOAD', 'return 1')) as string;
  const count = Math.min(Math.ceil(20_000 / everyMs), 2000);
  for (let index = 0; index < count; index++) {
    await redis.evalsha(sha, 0);
    await delay(everyMs);
  }
  redis.disconnect();
}

/** Reads what the Redis server has used so far. */
export async function readRedisUsage(url: string) {
  const redis = new Redis(url);
  try {
    const info = await redis.info('all');
    const read = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    const [, calls = 0, usec = 0] = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(info) ?? [];
    return {
      /** The CPU time of the whole server. */
      cpuSeconds: read('used_cpu_sys') + read('used_cpu_user'),
      memoryBytes: read('used_memory'),
      scriptCalls: Number(calls),
      /** The time in scripts, including the commands that they call. */
      scriptSeconds: Number(usec) / 1e6,
    };
  } finally {
    redis.disconnect();
  }
}
