import { afterAll, expect, test } from '@jest/globals';
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
