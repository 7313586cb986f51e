import { expect, test } from '@jest/globals';
import { makeSyncRun } from '../testing/index.ts';
import { syncActivity } from './sync-activity.ts';

const now = new Date('2024-05-01T10:00:00Z');
const pause = { until: new Date('2024-05-01T10:05:00Z'), reason: '429 Too Many Requests' };

test.each([
  { phase: 'queued', message: /^Waiting for a worker to plan the searches\. The EHR returned "429/ },
  { phase: 'running', message: /^Searching: 0 of 0 searches are done\. The EHR returned "429/ },
] as const)('a sync that is $phase shows the pause that delays it, and its end', ({ phase, message }) => {
  const run = { ...makeSyncRun(), phase };
  const activity = syncActivity({ run, counts: [], context: { recentlyDone: 0, now, pause } });
  expect(activity).toEqual({ message: expect.stringMatching(message), until: pause.until.toISOString() });
});
