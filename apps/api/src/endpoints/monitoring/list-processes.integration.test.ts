import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stop());

test('GET /processes shows the host, the version and the queues of each process, and whether it is running', async () => {
  const now = new Date();
  const before = new Date(now.getTime() - 10 * 60_000);
  const state = { kind: 'worker', host: 'worker-1', startedAt: before, down: [], counts: [] } as const;
  const queues = ['sync', 'document'];
  await api.store.processStates.save({
    ...state,
    id: 'p1',
    pid: 7,
    reportedAt: now,
    isStopped: false,
    queues,
    version: '1.2.3',
  });
  await api.store.processStates.save({ ...state, id: 'p2', pid: 8, reportedAt: before, isStopped: false });
  const earlier = new Date(before.getTime() - 1000);
  await api.store.processStates.save({ ...state, id: 'p3', pid: 9, reportedAt: earlier, isStopped: true });
  const { status, body } = await api.request('GET', '/api/ehr/processes');
  expect(status).toBe(200);
  const shown = body.data.filter(({ host }: { host: string }) => host === 'worker-1');
  expect(shown).toEqual([
    {
      id: 'p1',
      kind: 'worker',
      status: 'running',
      host: 'worker-1',
      pid: 7,
      version: '1.2.3',
      queues,
      startedAt: before.toISOString(),
      reportedAt: now.toISOString(),
    },
    expect.objectContaining({ id: 'p2', status: 'silent' }),
    expect.objectContaining({ id: 'p3', status: 'stopped' }),
  ]);
  expect(shown[1]).not.toHaveProperty('version');
});
