import { defineJob, minuteMs, tenTimes } from '@bulkhead/queues';
import { z } from 'zod';

export const fetchDocumentJob = defineJob({
  name: 'document.fetch',
  queue: 'document',
  payload: z.strictObject({ documentId: z.string().min(1) }),
  jobId: ({ documentId }) => `fetch.${documentId}`,
  // As for a file, attempts are cheap, because a resumed download loses nothing.
  ...tenTimes,
  // 1 GB, the largest size that a deployment may allow, at 500 kB/s takes 33 min.
  timeoutMs: 60 * minuteMs,
});
