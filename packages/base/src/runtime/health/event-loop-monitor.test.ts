import { setTimeout } from 'node:timers/promises';
import { blockEventLoop } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '../logs/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { EventLoopMonitor } from './event-loop-monitor.ts';
import { createHealth } from './health.ts';

const lines: { msg: string; durationMs: number }[] = [];
const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
const logger = createLogger({ name: 'test', level: 'warn', destination });
const metrics = createMetrics();
// Longer than other work can block this process on a busy machine, such as the collection of garbage of earlier tests.
const limitMs = 1500;
const monitor = new EventLoopMonitor({ metrics, logger, limitMs });
afterEach(() => monitor.stop());

test('a blocked event loop is reported in /health, in the metrics and in the log', async () => {
  const health = createHealth({}, { eventLoop: monitor });
  expect(health.life).toEqual({ status: 'alive', eventLoop: { stalls: 0, longestStallMs: 0 } });
  blockEventLoop(limitMs + 1000);
  while (monitor.state.stalls === 0) await setTimeout(10);
  const { longestStallMs } = monitor.state;
  expect(longestStallMs).toBeGreaterThanOrEqual(limitMs);
  expect(health.life.eventLoop).toEqual({ stalls: 1, longestStallMs, lastStallEndedAt: expect.any(String) });
  expect(await metrics.page()).toContain('bulkhead_event_loop_stalls_total 1');
  expect(await metrics.page()).toContain(`bulkhead_event_loop_longest_stall_seconds ${longestStallMs / 1000}`);
  expect(lines).toEqual([expect.objectContaining({ msg: 'event loop stalled', durationMs: longestStallMs })]);
});
