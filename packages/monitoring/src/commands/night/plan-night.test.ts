import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planNight } from './plan-night.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];
const now = Date.UTC(2026, 0, 1, 20);
const limits = { now, spent: [], perMinute: 480, perDay: 94_000 };

test('without a limit in the way, the last run ends when it usually does', () => {
  const runs = [
    { at: now + hourMs, durationMs: 5 * hourMs, requests: 60 },
    { at: now + 2 * hourMs, durationMs: hourMs, requests: 20_000 },
  ];
  expect(planNight({ ...limits, runs })).toEqual({
    requests: 20_060,
    peak: 20_060,
    endsAt: now + 6 * hourMs,
    lateMs: 0,
  });
});

test('a budget without runs suffices, and nothing ends', () => {
  expect(planNight({ ...limits, runs: [] })).toEqual({ requests: 0, peak: 0, endsAt: undefined, lateMs: 0 });
});

test('requests above the rate are sent later', () => {
  const runs = [{ at: now, durationMs: 0, requests: 28_800 }];
  expect(planNight({ ...limits, runs })).toMatchObject({ endsAt: now + hourMs, lateMs: hourMs });
});

test('what was sent in the last 24 hours counts until it is a day old', () => {
  const runs = [{ at: now, durationMs: hourMs, requests: 20_000 }];
  const lastNight = [{ at: now - 20 * hourMs, requests: 80_000 }];
  expect(planNight({ ...limits, runs, spent: lastNight })).toMatchObject({ lateMs: expect.any(Number), peak: 94_000 });
  expect(planNight({ ...limits, runs, spent: lastNight }).endsAt).toBeGreaterThan(now + 4 * hourMs);
  const beforeThat = [{ at: now - 25 * hourMs, requests: 80_000 }];
  expect(planNight({ ...limits, runs, spent: beforeThat })).toMatchObject({ lateMs: 0, peak: 20_000 });
});

test('a budget that is too small for three days has no end', () => {
  const runs = [{ at: now, durationMs: hourMs, requests: 300_000 }];
  expect(planNight({ ...limits, runs })).toMatchObject({ endsAt: undefined, lateMs: undefined, requests: 300_000 });
});

test('no plan exceeds the day, ends before its runs or grows later with a larger budget', () => {
  const run = fc.record({
    at: fc.integer({ min: now - hourMs, max: now + 24 * hourMs }),
    durationMs: fc.integer({ min: 0, max: 8 * hourMs }),
    requests: fc.integer({ min: 0, max: 20_000 }),
  });
  const past = fc.record({
    at: fc.integer({ min: now - 24 * hourMs, max: now }),
    requests: fc.integer({ min: 0, max: 5000 }),
  });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 20 }), fc.array(past, { maxLength: 6 }), (runs, spent) => {
      const plan = planNight({ ...limits, runs, spent });
      expect(plan.peak).toBeLessThanOrEqual(limits.perDay + 1);
      const larger = planNight({ ...limits, runs, spent, perMinute: 960, perDay: 188_000 });
      if (plan.endsAt === undefined) return;
      for (const { at, durationMs } of runs) expect(plan.endsAt).toBeGreaterThanOrEqual(at + durationMs);
      expect(larger.endsAt).toBeLessThanOrEqual(plan.endsAt + 10 * minuteMs);
    }),
  );
});
