import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { anyPhase, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const system = await startSystem({ env: { WORKER_RETAIN_EXPORT_DAYS: '10' } });
afterAll(() => system.stop());

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000);

async function addEnded(days: number): Promise<string> {
  const { store, connectionId } = system;
  const at = daysAgo(days);
  const record = makeBulkExport({ connectionId, createdAt: at });
  await store.bulkExports.insert({ record, requestKey: record.id });
  const ended = await store.bulkExports.transition({
    from: anyPhase(record),
    to: 'cancelled',
    change: { completedAt: at },
  });
  if (ended) await store.bulkExports.markNotified(ended);
  return record.id;
}

test('a worker deletes an export after its retention time, and the API answers 404 for it', async () => {
  const [old, young] = [await addEnded(11), await addEnded(9)];
  const read = (id: string) => system.request('GET', `/api/ehr/athenahealth/bulk-export/${id}`);
  expect((await read(old)).status).toBe(200);
  const worker = await system.startWorker();
  const { body } = await waitFor(async () => {
    const answer = await read(old);
    return answer.status === 404 ? answer : undefined;
  });
  expect(body.error).toMatchObject({
    code: 'unknown-export',
    message: expect.stringContaining('Ended exports are deleted after some time.'),
  });
  for (const path of ['/files', '/events']) {
    expect((await system.request('GET', `/api/ehr/athenahealth/bulk-export/${old}${path}`)).status).toBe(404);
  }
  expect((await read(young)).status).toBe(200);
  expect(await worker.readMetrics()).toContain('bulkhead_retention_deleted_total{kind="bulk-export"} 1');
});
