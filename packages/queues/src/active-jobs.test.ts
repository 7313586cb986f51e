import { expect, test } from '@jest/globals';
import { ActiveJobs } from './active-jobs.ts';
import { testJobs } from './testing/test-jobs.ts';

/** Jobs that have shown no progress since `markMs` are silent. */
function createJobs() {
  const lines: string[] = [];
  let markMs = Number.NEGATIVE_INFINITY;
  const jobs = new ActiveJobs({
    logger: { error: (_message, fields) => lines.push(String(fields?.jobId)) },
    silenceMs: () => performance.now() - markMs,
  });
  const mark = () => {
    const now = performance.now();
    while (performance.now() === now);
    markMs = performance.now();
    while (performance.now() === markMs);
  };
  return { jobs, lines, mark };
}
const job = { definition: testJobs.kickOff, jobId: 'kick-off.job_1' };
const noObserver = { begins: () => undefined, ends: () => undefined };

test('a job that shows no progress fails the check, and is logged once', () => {
  const { jobs, lines, mark } = createJobs();
  const active = jobs.begin(job);
  expect(() => jobs.check()).not.toThrow();
  mark();
  expect(() => jobs.check()).toThrow('1 job');
  expect(() => jobs.check()).toThrow();
  expect(lines).toEqual([job.jobId]);
  active.end();
  expect(() => jobs.check()).not.toThrow();
});

test('a job that shows progress passes the check, and is logged again if it stops once more', () => {
  const { jobs, lines, mark } = createJobs();
  const active = jobs.begin(job);
  mark();
  expect(() => jobs.check()).toThrow();
  active.progress();
  expect(() => jobs.check()).not.toThrow();
  mark();
  expect(() => jobs.check()).toThrow();
  expect(lines).toHaveLength(2);
});

test('a job that waits for a request budget passes the check, and has shown progress when the wait ends', () => {
  const { jobs, mark } = createJobs();
  const waits = jobs.begin(job).observeWaits(noObserver);
  waits.begins();
  waits.begins();
  mark();
  waits.ends();
  expect(() => jobs.check()).not.toThrow();
  mark();
  waits.ends();
  expect(() => jobs.check()).not.toThrow();
  mark();
  expect(() => jobs.check()).toThrow();
});
