// usage: CHAOS_CLOCK_FILE=<file> node --import <this> main.ts
// Shifts the wall clock of one process by the milliseconds in the file. SIGUSR2 makes it read the file again. Monotonic
// time (timers, performance.now) does not change, as when an operator or NTP sets the clock of a machine.
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
