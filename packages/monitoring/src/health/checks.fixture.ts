import type { QueueFigures } from '@bulkhead/queues';
import type { WebhookReceiver } from '@bulkhead/webhooks';
import type { ProcessState } from '../processes/process-state.record.ts';
import { judgeData, judgeProcesses, toReport } from './checks.ts';
import type { HealthSnapshot } from './health-snapshot.ts';

export const now = new Date('2026-05-10T12:00:00Z');

export function ago(ms: number): Date {
  return new Date(now.getTime() - ms);
}

export function makeQueue(change: Partial<QueueFigures> = {}): QueueFigures {
  const jobs = { waiting: 1, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 };
  return { queue: 'sync', jobs, oldestMs: 0, workers: 1, isPaused: false, ...change };
}

export function makeProcess(change: Partial<ProcessState> = {}): ProcessState {
  return {
    id: 'p1',
    kind: 'worker',
    host: 'host-1',
    pid: 7,
    startedAt: ago(60_000),
    reportedAt: now,
    isStopped: false,
    down: [],
    counts: [],
    ...change,
  };
}

/** A deployment without a problem. */
export const healthy: HealthSnapshot = {
  redis: { faults: [] },
  mongodb: { version: '8.0.1', skewMs: 3 },
  configuration: { exposed: [], encryptionKeySource: 'BULKHEAD_ENCRYPTION_KEY' },
  processes: [makeProcess({ sweptAt: ago(60_000) }), makeProcess({ id: 'p2', kind: 'api' })],
  isSweepScheduled: true,
  queues: [makeQueue()],
  failedJobs: new Map(),
  exports: { newest: [], failed: [], active: [] },
  syncRuns: { newest: [], failed: [], active: [] },
  schedules: [],
  lags: [],
  connections: [],
  budgets: [],
  quarantine: [],
  documents: [],
  webhooks: [],
};

/** The report of a process that reads everything itself. */
export function judge(snapshot: HealthSnapshot, at: Date) {
  const checks = judgeData(snapshot, at).map((check) => ({ ...check, readAt: at }));
  return toReport({ processChecks: judgeProcesses(snapshot, at), data: { checkedAt: at, checks }, now: at });
}

export const receiver = (change: Partial<WebhookReceiver>): WebhookReceiver => ({
  connectionId: 'conn_1',
  url: 'https://client.example/hook',
  delivered: 5,
  waiting: 0,
  repeated: 0,
  failed: 0,
  undelivered: { at: now, id: 'wh_1', last: { at: now, status: 500 } },
  undeliveredSince: now,
  lastDeliveredAt: now,
  ...change,
});
