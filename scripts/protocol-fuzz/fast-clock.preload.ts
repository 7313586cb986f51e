// usage: FAST_CLOCK_FILE=<file> node --import <this> main.ts
// From SIGUSR2 on, time in this process passes at the rate in the file. The file may be missing until then, because a
// process that starts on a busy machine needs its real timeouts. Dates, timers, and the time that BullMQ lets Redis
// wait for the next job are faster. So the waits of an export take seconds instead of minutes, in the process as it is
// shipped. Socket timeouts and the expiry of keys in Redis stay real, so they last longer than they would.
import { existsSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { replaceDate } from '../chaos/clock/replace-date.ts';
import { type FastClock, readFastClock } from './fast-clock.ts';

const RealDate = Date;
const readPerformance = performance.now.bind(performance);
const file = process.env.FAST_CLOCK_FILE ?? '';
let clock = readClock();
let startedAt = readPerformance();
const rate = (): number => clock?.rate ?? 1;

process.on('SIGUSR2', () => {
  clock = readClock();
  startedAt = readPerformance();
});

function readClock(): FastClock | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FastClock) : undefined;
}

replaceDate(() => readFastClock(clock, RealDate.now()));

performance.now = () => startedAt + (readPerformance() - startedAt) * rate();

const delay = timersPromises.setTimeout;
const fastDelay: typeof delay = (delayMs = 0, ...rest) => delay(delayMs / rate(), ...rest);
timersPromises.setTimeout = fastDelay;
for (const name of ['setTimeout', 'setInterval'] as const) {
  const real = globalThis[name] as (callback: () => void, delayMs?: number, ...args: unknown[]) => NodeJS.Timeout;
  const fast = (callback: () => void, delayMs = 0, ...args: unknown[]) => real(callback, delayMs / rate(), ...args);
  const replaced = Object.assign(fast, { [promisify.custom]: fastDelay });
  Object.assign(globalThis, { [name]: replaced });
  Object.assign(timers, { [name]: replaced });
}
syncBuiltinESMExports();

const block = Redis.prototype.bzpopmin as (this: Redis, key: string, seconds: number) => Promise<unknown>;
Object.assign(Redis.prototype, {
  bzpopmin(this: Redis, key: string, seconds: number) {
    return block.call(this, key, seconds / rate());
  },
});
