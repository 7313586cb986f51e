import { createMetrics, type Metrics } from '@bulkhead/base';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ProcessReporter } from './process-reporter.ts';
import type { ProcessState } from './process-state.record.ts';

let saved: ProcessState[];
let isDatabaseDown: boolean;
let metrics: Metrics;
let checks: Record<string, 'up' | 'down'>;
let reporter: ProcessReporter;

const processStates = {
  async save(state: ProcessState) {
    if (isDatabaseDown) throw new Error('no database');
    saved.push(state);
  },
  list: async () => saved,
};
const create = (timing = { everyMs: 60_000, countedMs: 60_000 }) =>
  new ProcessReporter({
    kind: 'worker',
    store: { processStates },
    metrics,
    timing,
    health: { readiness: async () => ({ ready: true, checks }) },
  });

beforeEach(() => {
  saved = [];
  isDatabaseDown = false;
  metrics = createMetrics();
  checks = { redis: 'up', mongodb: 'up' };
  reporter = create();
});
afterEach(() => reporter.stop());

test('a process reports itself at its start and at its stop', async () => {
  await reporter.start();
  expect(saved).toMatchObject([{ kind: 'worker', pid: process.pid, isStopped: false, down: [], counts: [] }]);
  expect(saved[0]).not.toHaveProperty('sweptAt');
  checks = { redis: 'down', mongodb: 'up' };
  await reporter.stop();
  expect(saved).toMatchObject([{ id: saved[1]?.id }, { isStopped: true, down: ['redis'] }]);
});

test('a process that was never started reports nothing when it stops', async () => {
  await reporter.stop();
  expect(saved).toEqual([]);
});

test('a process reports its counts since its start, by provider, and only those that are not zero', async () => {
  const requests = metrics.histogram({
    name: 'bulkhead_ehr_request_duration_seconds',
    help: 'h',
    buckets: [1],
    labels: ['provider', 'kind', 'status'],
  });
  const tokens = metrics.counter({ name: 'bulkhead_ehr_tokens_total', help: 'h', labels: ['provider', 'outcome'] });
  const answers = metrics.histogram({
    name: 'bulkhead_http_request_duration_seconds',
    help: 'h',
    buckets: [1],
    labels: ['status'],
  });
  const lines = metrics.counter({ name: 'bulkhead_audit_lines_total', help: 'h', labels: ['result'] });
  metrics.counter({ name: 'bulkhead_event_loop_stalls_total', help: 'h' })({}, 2);
  tokens({ provider: 'a', outcome: 'refused' }, 5);
  await reporter.start();
  for (const status of ['2xx', '5xx', 'none', '4xx']) requests({ provider: 'a', kind: 'poll', status }, 3);
  requests({ provider: 'b', kind: 'poll', status: '2xx' }, 3);
  for (const outcome of ['refused', 'authorization-needed', 'renewed']) tokens({ provider: 'a', outcome });
  for (const status of ['2xx', '5xx']) answers({ status }, 3);
  lines({ result: 'dropped' }, 4);
  lines({ result: 'sent' }, 9);
  await reporter.stop();
  expect(saved.at(-1)?.counts).toEqual([
    { name: 'dropped-audit-lines', count: 4 },
    { name: 'requests', count: 2 },
    { name: 'failed-requests', count: 1 },
    { name: 'ehr-requests', provider: 'a', count: 4 },
    { name: 'ehr-requests', provider: 'b', count: 1 },
    { name: 'failed-ehr-requests', provider: 'a', count: 2 },
    { name: 'refused-tokens', provider: 'a', count: 2 },
  ]);
});

test('a process reports when it last completed a sweep', async () => {
  const sweptAt = metrics.gauge({ name: 'bulkhead_sweep_last_success_timestamp_seconds', help: 'h' });
  sweptAt({}, 0);
  await reporter.start();
  sweptAt({}, 1_778_000_000);
  await reporter.stop();
  expect(saved.map((state) => state.sweptAt)).toEqual([undefined, new Date('2026-05-05T16:53:20Z')]);
});

test('a count ends some time after its cause', async () => {
  const count = metrics.counter({ name: 'bulkhead_event_loop_stalls_total', help: 'h' });
  reporter = create({ everyMs: 5, countedMs: 50 });
  await reporter.start();
  count({});
  await waitFor(() => saved.at(-1)?.counts[0]?.count === 1);
  await waitFor(() => saved.at(-1)?.counts.length === 0);
  expect(saved.filter(({ counts }) => counts.length > 0).length).toBeGreaterThan(3);
});

test('a process starts and stops if the database is down', async () => {
  isDatabaseDown = true;
  await reporter.start();
  await reporter.stop();
  expect(saved).toEqual([]);
});
