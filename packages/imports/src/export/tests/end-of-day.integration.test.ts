import { createEhrClient } from '@bulkhead/ehr';
import { connectionBudgets } from '@bulkhead/ehr/providers';
import { unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { createRateLimiter } from '@bulkhead/ehr/rate-limiter';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { downloadFile } from '../download/download-file.job.ts';
import { pollExport } from '../poll/poll-export.job.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

/** 5 % of them are 25 requests. With the long guard and the high limit no slot is given back, so the shares are exact. */
const rateLimit = { limit: 2000, windowMs: 2000, guardMs: 60_000, perDay: 500, coldStart: 'go' } as const;

test('every finished export is downloaded in the last 5 % of a day, while polls of others wait', async () => {
  await using cases = await startUseCases();
  const { redis, prefix, connection, clock } = cases;
  const provider = { ...unlimitedAthenahealth(cases.simulator.fhirEndpoint), rateLimit };
  const registry = { get: () => provider, list: () => [provider] };
  const { store } = cases.deps;
  const limiter = createRateLimiter({ redis, prefix });
  const { accessTokens: tokenStore, signingKeys } = store;
  const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
  const deps = { ...cases.deps, ehr };
  const request = (resourceTypes: string[]) => ({ request: { exportType: 'Patient' as const, resourceTypes } });
  const signal = AbortSignal.timeout(60_000);
  const poll = async (exportId: string) => {
    clock.now = new Date(clock.now.getTime() + 11 * 60_000);
    await pollExport(deps, { exportId, signal });
    return cases.read(exportId);
  };
  try {
    const finished = [
      await cases.exporting(request(['Patient', 'Condition', 'Observation'])),
      await cases.exporting(request(['Encounter', 'Procedure', 'Immunization'])),
      await cases.exporting(request(['DiagnosticReport', 'MedicationRequest', 'AllergyIntolerance'])),
    ];
    const running = await cases.exporting(request(['CarePlan']));
    for (const exportId of finished)
      await waitFor(async () => (await poll(exportId)).phase === 'downloading' || undefined);
    const { budget } = connectionBudgets(connection, provider);
    const used = async () => (await limiter.readUse())[0]?.dayRatio ?? 0;
    for (await limiter.acquire({ budget, priority: 'interactive' }); (await used()) < 0.94; )
      await limiter.acquire({ budget, priority: 'crawl' });
    await cases.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'status', status: 202 }, { times: 'always' });
    await waitFor(async () => (await poll(running)).retrying?.code === 'daily-budget-used' || undefined);
    expect(await used()).toBe(0.95);
    const fileIds = (await Promise.all(finished.map((id) => store.outputFiles.listUnsettledIds(id)))).flat();
    expect(fileIds.length).toBeGreaterThanOrEqual(9);
    for (const fileId of fileIds)
      await downloadFile(deps, { fileId, retryAt: () => undefined, progress: () => undefined, signal });
    for (const exportId of finished) {
      const files = await store.outputFiles.listByExport(exportId);
      expect(files.map(({ state }) => state)).toEqual(files.map(() => 'completed'));
    }
    expect(await used()).toBeLessThanOrEqual(0.99);
  } finally {
    ehr.close();
    limiter.close();
  }
});
