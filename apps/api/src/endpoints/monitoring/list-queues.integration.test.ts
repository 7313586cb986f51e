import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stop());

test('GET /queues shows the jobs and workers of each queue', async () => {
  const connectionId = await api.createConnection();
  await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId } });
  const { status, body } = await api.request('GET', '/api/ehr/queues');
  expect(status).toBe(200);
  const none = { waiting: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 };
  // No worker processes this job.
  const [queue] = body.data.filter(({ jobs }: { jobs: typeof none }) => jobs.waiting > 0);
  expect(queue).toEqual({
    queue: 'bulk-export',
    jobs: { ...none, waiting: 1 },
    oldestSeconds: expect.any(Number),
    workers: 0,
    paused: false,
  });
  expect(body.data.length).toBeGreaterThan(3);
});
