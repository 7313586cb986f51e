import { firstAttempt } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { downloadFile } from '../download/download-file.job.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());

test('files of up to ten lines are requested uncompressed, and larger ones compressed', async () => {
  const { id, phase } = await runExport(cases);
  expect(phase).toBe('completed');
  const requested = new Map((await cases.control.requests()).map((request) => [request.path, request]));
  const files = await cases.deps.store.outputFiles.listByExport(id);
  const encodings = files.map(({ url, promisedCount = 0 }) => ({
    isShort: promisedCount <= 10,
    encoding: requested.get(new URL(url).pathname)?.headers['accept-encoding'],
  }));
  expect(new Set(encodings.map(({ isShort }) => isShort))).toEqual(new Set([true, false]));
  for (const { isShort, encoding } of encodings) expect(encoding).toBe(isShort ? 'identity' : 'gzip');
});

test('an outage of MongoDB during a download is not an error of the file', async () => {
  const { store } = cases.deps;
  const id = await cases.exporting();
  await waitFor(async () => {
    cases.clock.now = (await cases.read(id)).notBefore ?? cases.clock.now;
    await cases.pollOnce(id);
    return (await cases.read(id)).phase === 'downloading';
  });
  const [fileId = ''] = await store.outputFiles.listUnsettledIds(id);
  const outage = Object.assign(new Error('closed'), { name: 'MongoNetworkError' });
  const outputFiles = withMethods(store.outputFiles, { complete: () => Promise.reject(outage) });
  const step = { exportId: id, fileId, retryAt: firstAttempt, signal: AbortSignal.timeout(20_000) };
  const deps = { ...cases.deps, store: { ...store, outputFiles } };
  await expect(downloadFile(deps, { ...step, progress: () => undefined })).rejects.toBe(outage);
  expect((await store.outputFiles.find(fileId))?.retrying).toBeUndefined();
});
