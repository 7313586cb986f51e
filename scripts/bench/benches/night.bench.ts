import type { EarlierExports } from '@bulkhead/imports/export';
import { simulatePolls } from '@bulkhead/imports/export';
import type { Bench, BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The only duration of athenahealth's exports that an integrator has published is 5 to 6 hours. */
const durationMs = 5.5 * hourMs;
const known: EarlierExports = { runs: 5, shortestMs: durationMs };
/** Kick-off, DELETE, and the files of a practice. */
const otherRequests = 2 + 20;
const practices = 1000;
/** Ends are tried this far apart, so that each falls on another moment between two ticks. */
const stepMs = 7001;

/** A night lasts hours, so these rows are computed: the rules of the workers run on a simulated clock, against no server. */
export const night: Bench = {
  name: 'night',
  about: `status requests of an export of 5.5 h, how late its end is noticed, and a night of ${practices} practices, on a simulated clock`,
  minutes: 0.1,
  async run() {
    const polls = (earlier?: EarlierExports) => simulatePolls({ durationMs, earlier }).polls;
    return [
      requests('an export of 5.5 h, usual duration known: status requests', polls(known), 60),
      requests('the same after a single export', polls({ ...known, runs: 1 }), 60),
      requests('the same, usual duration not known', polls(), 150),
      late('an export of up to 15 minutes: end noticed late, at most', { fromMs: 1, untilMs: 15 * minuteMs }, 30),
      late('up to 12 h', { fromMs: 1, untilMs: 12 * hourMs }, 300),
      late('up to 24 h', { fromMs: 1, untilMs: 24 * hourMs }, 600),
      late(
        'of 75 % to 150 % of its known duration',
        { fromMs: 0.75 * durationMs, untilMs: 1.5 * durationMs, known },
        300,
      ),
      late('of less than 75 % of its known duration', { fromMs: 1, untilMs: 0.75 * durationMs, known }, 600),
      requests(`a night of ${practices} practices, 20 files each`, practices * (polls(known) + otherRequests), 100_000),
      requests('the first such night', practices * (polls() + otherRequests)),
    ];
  },
};

function requests(name: string, value: number, atMost?: number): BenchRow {
  return singleRow({
    name,
    value,
    unit: 'requests',
    goal: { of: 'value', ...(atMost === undefined ? {} : { atMost }) },
  });
}

function late(
  name: string,
  range: { readonly fromMs: number; readonly untilMs: number; readonly known?: EarlierExports },
  atMost: number,
): BenchRow {
  const { fromMs, untilMs, known: earlier } = range;
  let latestMs = 0;
  for (let endMs = fromMs; endMs < untilMs; endMs += stepMs)
    latestMs = Math.max(latestMs, simulatePolls({ durationMs: endMs, earlier }).lateMs);
  return singleRow({ name, value: latestMs / 1000, unit: 's', goal: { of: 'value', atMost } });
}
