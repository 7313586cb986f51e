import { expect, test } from '@jest/globals';
import { peakMegabytes, shippedLimitMegabytes, spawnWorker } from '../harness/spawn-worker.ts';
import { startSystem } from '../harness/start-system.ts';

/** A PDF of 10 MB. */
const data = Buffer.alloc(10_500_000, 'pdf').toString('base64');
const files = 4;

test('a worker that reads four files with lines of 14 MB at once stays below the memory limit that is shipped', async () => {
  await using system = await startSystem({ simulator: { patients: 1 }, env: { WORKER_DOCUMENTS: 'off' } });
  for (let index = 0; index < 2 * files; index++) {
    const subject = { reference: 'Patient/a-195900.E-1' };
    const content = [{ attachment: { contentType: 'application/pdf', data } }];
    const reference = { resourceType: 'DocumentReference', id: `pdf-${index}`, status: 'current', subject, content };
    await system.control.put(`DocumentReference/pdf-${index}`, JSON.stringify(reference));
  }
  await system.control.order({
    match: { path: '/\\$export' },
    fault: { kind: 'many-files', type: 'DocumentReference', files },
  });
  await using worker = spawnWorker(system.env);
  const id = await system.startExport({ resourceTypes: ['DocumentReference'] });
  expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', warnings: [] });
  const stored = (await system.store.outputFiles.listByExport(id)).map(({ checkpoint }) => checkpoint.stored);
  expect(stored.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2 * files);
  // A tenth is the margin for what else a worker may do meanwhile.
  expect(peakMegabytes(worker.pid)).toBeLessThan(0.9 * shippedLimitMegabytes());
});
