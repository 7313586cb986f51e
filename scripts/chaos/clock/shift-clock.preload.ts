// usage: CHAOS_CLOCK_FILE=<file> node --import <this> main.ts
// The wall clock of one process, off by the milliseconds that the file holds; SIGUSR2 makes it read the file again.
// What is monotonic (timers, performance.now) stays as it is, as when an operator or NTP sets a machine's clock.
import { readFileSync } from 'node:fs';
import { replaceDate } from './replace-date.ts';

const file = process.env.CHAOS_CLOCK_FILE ?? '';
const RealDate = Date;
let offsetMs = readOffset();

replaceDate(() => RealDate.now() + offsetMs);

process.on('SIGUSR2', () => {
  offsetMs = readOffset();
});

function readOffset(): number {
  return Number(readFileSync(file, 'utf8'));
}
