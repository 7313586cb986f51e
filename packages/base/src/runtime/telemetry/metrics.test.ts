import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

const lines = async (metrics: ReturnType<typeof createMetrics>) =>
  (await metrics.page()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('metrics are counted, observed and set by their labels', async () => {
  const metrics = createMetrics();
  const count = metrics.counter({ name: 'bulkhead_jobs_total', help: 'Jobs.', labels: ['queue'] });
  const observe = metrics.histogram({ name: 'bulkhead_wait_seconds', help: 'Waits.', buckets: [1, 5] });
  const set = metrics.gauge({ name: 'bulkhead_last', help: 'Last.' });
  count({ queue: 'sync' });
  count({ queue: 'sync' }, 2);
  observe({}, 3);
  set({}, 7);
  expect(await lines(metrics)).toEqual([
    'bulkhead_jobs_total{queue="sync"} 3',
    'bulkhead_wait_seconds_bucket{le="1"} 0',
    'bulkhead_wait_seconds_bucket{le="5"} 1',
    'bulkhead_wait_seconds_bucket{le="+Inf"} 1',
    'bulkhead_wait_seconds_sum 3',
    'bulkhead_wait_seconds_count 1',
    'bulkhead_last 7',
  ]);
  expect(metrics.described()).toEqual([
    { name: 'bulkhead_jobs_total', type: 'counter', labels: ['queue'], help: 'Jobs.' },
    { name: 'bulkhead_wait_seconds', type: 'histogram', labels: [], help: 'Waits.' },
    { name: 'bulkhead_last', type: 'gauge', labels: [], help: 'Last.' },
  ]);
});

test('each registry has its own metrics', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.counter({ name: 'bulkhead_jobs_total', help: 'Jobs.' })({});
  second.counter({ name: 'bulkhead_jobs_total', help: 'Jobs.' });
  expect(await lines(second)).toEqual(['bulkhead_jobs_total 0']);
});

test('metrics include those of the Node process only if they are requested', async () => {
  expect(await createMetrics({ ofProcess: true }).page()).toContain('process_resident_memory_bytes');
  expect(await createMetrics().page()).toBe('\n');
});

const labels = ['queue'] as const;

test('a gauge that is read on request shows only current values', async () => {
  const metrics = createMetrics();
  let queues = ['a', 'b'];
  const read = async () => queues.map((queue) => ({ labels: { queue }, value: 1 }));
  metrics.readGauge({ name: 'bulkhead_queue', help: 'Queues.', labels, read });
  expect(await lines(metrics)).toEqual(['bulkhead_queue{queue="a"} 1', 'bulkhead_queue{queue="b"} 1']);
  queues = ['b'];
  expect(await lines(metrics)).toEqual(['bulkhead_queue{queue="b"} 1']);
});

test('a gauge is left out if its read fails or takes over three seconds, and the others are shown', async () => {
  const metrics = createMetrics();
  const sample = [{ labels: { queue: 'a' }, value: 1 }];
  const reads = [async () => sample, () => Promise.reject(new Error('planted')), () => new Promise<never>(() => {})];
  for (const [index, read] of reads.entries()) {
    metrics.readGauge({ name: `bulkhead_queue_${index}`, help: 'Queues.', labels, read });
  }
  expect(await lines(metrics)).toEqual(['bulkhead_queue_0{queue="a"} 1']);
  expect(await metrics.page()).not.toContain('planted');
});
