import { whileLeased } from '@bulkhead/store';
import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

test('the lease of a step is extended while the step runs, and released at its end', async () => {
  cases = await startUseCases();
  const exportId = await cases.exporting();
  const { exportLeases } = cases.deps.store;
  let extensions = 0;
  const leases: typeof exportLeases = {
    ...exportLeases,
    async extend(lease) {
      const isExtended = await exportLeases.extend(lease);
      if (isExtended) extensions += 1;
      return isExtended;
    },
  };
  const runNothing = () => whileLeased({ leases, id: exportId, run: async () => undefined });
  const hasRun = await whileLeased({
    leases,
    id: exportId,
    run: async () => {
      await waitFor(async () => extensions > 0, { what: 'an extension of the lease' });
      expect(await runNothing()).toBe(false);
    },
  });
  expect(hasRun).toBe(true);
  expect(await runNothing()).toBe(true);
});
