import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createApiClient } from '../system/api-client.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { readStored, type ServedSystem, startServedSystem, until } from './served-system.fixture.ts';

const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const system of started.toReversed()) await system.stop();
});

test('another Bulkhead has every resource of this one in the end, during changes, deletions and erasures', async () => {
  const source = await startServedSystem({ patients: 12, env: { API_CLIENT_KEYS_PRIVATE_NETWORK: 'true' } });
  started.push(source);
  await source.importAll();
  const target = await startTarget(source);
  const first = await target.exportAll();
  expect(first.counts.stored).toBe((await source.stored()).size);
  for (let round = 0; round < 3; round++) {
    const changing = source.changeEverything();
    await target.exportAll('last');
    await changing;
  }
  const last = await target.exportAll('last');
  // Everything was stored within two minutes, so each export has it again.
  expect(last.warnings).toEqual([]);
  const expected = await source.stored();
  expect(expected.has('Patient/new')).toBe(true);
  expect(await target.stored()).toEqual(expected);
}, 240_000);

/** Starts a system whose connection is the FHIR base URL of another one. */
async function startTarget(source: ServedSystem) {
  const provider = {
    id: 'upstream',
    name: 'Another Bulkhead',
    defaultEnvironment: 'main',
    defaultScope: 'system/*.rs',
    environments: { main: { fhirEndpoint: source.fhirUrl } },
  };
  const system: TestSystem = await startTestSystem({
    patients: 1,
    workerCount: 1,
    env(folder) {
      const file = join(folder, 'upstream.json');
      writeFileSync(file, JSON.stringify([provider]));
      return { BULKHEAD_PROVIDERS_FILE: file };
    },
  });
  started.push(system);
  const { store, baseUrl } = system;
  const call = createApiClient(system);
  await call('POST', '/api/ehr/signing-keys', { alg: 'RS384' });
  const client = await source.call<{ id: string }>('POST', '/api/ehr/clients', {
    name: 'another Bulkhead',
    scope: 'system/*.rs',
    jwksUrl: `${baseUrl}/.well-known/jwks.json`,
  });
  const auth = { method: 'private_key_jwt', clientId: client.id };
  const { id: connectionId } = await call<{ id: string }>('POST', '/api/ehr/connections', {
    provider: 'upstream',
    auth,
  });
  return {
    async exportAll(since?: 'last') {
      const body = { connectionId, exportType: 'System', ...(since ? { since } : {}) };
      const { id } = await call<{ id: string }>('POST', '/api/ehr/upstream/bulk-export', body);
      await until(async () => ['completed', 'failed'].includes((await store.bulkExports.find(id))?.phase ?? ''));
      type View = { status: string; counts: { stored: number }; warnings: readonly { code: string }[] };
      const view = await call<View>('GET', `/api/ehr/upstream/bulk-export/${id}`);
      expect(view).toMatchObject({ status: 'COMPLETED' });
      return view;
    },
    stored: () => readStored({ store, connectionId }),
  };
}
