import { defineJob, minuteMs, once, tenTimes, threeTimes } from '@bulkhead/queues';
import { z } from 'zod';

const exportPayload = z.strictObject({ exportId: z.string().min(1) });
const filePayload = exportPayload.extend({ fileId: z.string().min(1) });
export type FilePayload = z.output<typeof filePayload>;

export const kickOffJob = defineJob({
  name: 'export.kick-off',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `kick-off.${exportId}`,
  // An EHR that is down for a quarter of an hour does not fail a nightly export.
  ...tenTimes,
  // A server may take 10 minutes for its answer.
  timeoutMs: 30 * minuteMs,
  tracedIds: ['exportId'],
});

export const pollJob = defineJob({
  name: 'export.poll',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `poll.${exportId}`,
  // The scheduler's next iteration is the retry.
  ...once,
  // Writing a manifest of 20,000 files and its flow takes seconds.
  timeoutMs: 10 * minuteMs,
  tracedIds: ['exportId'],
});

export const downloadJob = defineJob({
  name: 'file.download',
  queue: 'file-download',
  payload: filePayload,
  jobId: ({ fileId }) => `download.${fileId}`,
  // Attempts are cheap, because a resumed download loses nothing.
  ...tenTimes,
  // 5 GB at 1 MB/s take 84 min. A stalled socket is closed much earlier by its own idle timeout.
  timeoutMs: 6 * 60 * minuteMs,
  reportsProgress: true,
  tracedIds: ['exportId'],
});

export const finalizeJob = defineJob({
  name: 'export.finalize',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `finalize.${exportId}`,
  ...tenTimes,
  timeoutMs: 10 * minuteMs,
  tracedIds: ['exportId'],
});

export const discardJob = defineJob({
  name: 'export.discard',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `discard.${exportId}`,
  // No user waits for this, and the server's copy expires eventually.
  ...tenTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['exportId'],
});

export const resumeJob = defineJob({
  name: 'export.resume',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `resume.${exportId}`,
  // The sweep does the same within a minute.
  ...threeTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['exportId'],
});
