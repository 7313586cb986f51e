import { expect, test } from '@jest/globals';
import { placeOf } from './place-of.ts';

const connectionId = 'conn_1';
const run = { connectionId, reason: 'failed' };

test.each([
  { check: 'failed-exports', subject: { kind: 'export', id: 'job_1', ...run }, to: '/exports/job_1' },
  { check: 'failed-syncs', subject: { kind: 'sync-run', id: 'sync_1', ...run }, to: '/syncs/sync_1' },
  { check: 'lag', subject: { kind: 'connection', id: connectionId, reason: '' }, to: '/connections/conn_1' },
  {
    check: 'quarantine',
    subject: { kind: 'connection', id: connectionId, reason: '' },
    to: '/quarantine?connectionId=conn_1',
  },
  {
    check: 'webhooks',
    subject: { kind: 'webhook-delivery', id: 'wh_1', connectionId, reason: '' },
    to: '/webhooks?connectionId=conn_1',
  },
  { check: 'schedules', subject: { kind: 'schedule', id: 'sched_1', connectionId, reason: '' }, to: '/schedules' },
  { check: 'pauses', subject: { kind: 'budget', id: 'athenahealth.production', reason: '' }, to: '/budget' },
  { check: 'backlog', subject: { kind: 'queue', id: 'sync', reason: '' }, to: '/system' },
  { check: 'tokens', subject: undefined, to: '/connections' },
  { check: 'redis', subject: undefined, to: '/system' },
] as const)('the check $check links to $to', ({ check, subject, to }) => {
  expect(placeOf(subject ? { check, subject } : { check })).toBe(to);
});
