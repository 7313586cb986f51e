// usage: FAST_CLOCK_ORIGIN_MS=<ms> FAST_CLOCK_RATE=<n> node --import <this> main.ts
// Time in this process passes faster: dates, timers, and the time that BullMQ lets Redis wait for the next job. So the waits of
// an export, which take minutes, take seconds, and the process is the one that is shipped. Socket timeouts and the expiry of
// keys in Redis stay real: they only last longer than they would.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { fromEnv, readFastClock } from './fast-clock.ts';

const clock = fromEnv(process.env);
const { rate } = clock;

const RealDate = Date;
const now = (): number => readFastClock(clock, RealDate.now());
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});

const readPerformance = performance.now.bind(performance);
performance.now = () => readPerformance() * rate;

const delay = timersPromises.setTimeout;
const fastDelay: typeof delay = (delayMs = 0, ...rest) => delay(delayMs / rate, ...rest);
timersPromises.setTimeout = fastDelay;
for (const name of ['setTimeout', 'setInterval'] as const) {
  const real = globalThis[name] as (callback: () => void, delayMs?: number, ...args: unknown[]) => NodeJS.Timeout;
  const fast = (callback: () => void, delayMs = 0, ...args: unknown[]) => real(callback, delayMs / rate, ...args);
  const replaced = Object.assign(fast, { [promisify.custom]: fastDelay });
  Object.assign(globalThis, { [name]: replaced });
  Object.assign(timers, { [name]: replaced });
}
syncBuiltinESMExports();

const block = Redis.prototype.bzpopmin as (this: Redis, key: string, seconds: number) => Promise<unknown>;
Object.assign(Redis.prototype, {
  bzpopmin(this: Redis, key: string, seconds: number) {
    return block.call(this, key, seconds / rate);
  },
});
