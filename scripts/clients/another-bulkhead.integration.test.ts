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

test('another Bulkhead has every resource and document of this one in the end, during changes, deletions and erasures', async () => {
  const env = { API_CLIENT_KEYS_PRIVATE_NETWORK: 'true', WORKER_DOCUMENTS: 'on' };
  const source = await startServedSystem({ patients: 12, env });
  started.push(source);
  await addDocument(source);
  await source.importAll();
  // Those of the next rounds are stored while the other one reads.
  await allFetched(source);
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
  const [expected, stored] = [await source.stored(), await target.stored()];
  expect(expected.has('Patient/new')).toBe(true);
  expect(new Set(stored.keys())).toEqual(new Set(expected.keys()));
  const different = [...expected].filter(([reference, line]) => stored.get(reference) !== line);
  expect(different).toEqual([]);
  await allFetched(source);
  await target.exportAll('last');
  await allFetched(target);
  const documents = await documentsOf(source);
  expect(new Set(documents.map(({ source: from }) => from))).toEqual(new Set(['inline', 'absolute', 'relative']));
  // Retention deletes the contents of deleted resources later. They can no longer be read.
  const isListed = ({ place }: (typeof documents)[number]) => expected.has(place.replace(/\/\d+$/, ''));
  const hashesOf = (list: typeof documents) => list.filter(isListed).map(({ place, sha256 }) => [place, sha256]);
  expect(hashesOf(documents).length).toBeGreaterThan(10);
  expect(hashesOf(await documentsOf(target))).toEqual(hashesOf(documents));
}, 240_000);

/** A report with inline content. The reports of the simulator have absolute URLs, and its documents relative ones. */
async function addDocument({ simulator }: ServedSystem): Promise<void> {
  const presentedForm = [{ contentType: 'text/plain', data: Buffer.from('a note').toString('base64') }];
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'inline',
    status: 'final',
    code: { text: 'x' },
    presentedForm,
  };
  await simulator.put('DiagnosticReport/inline', JSON.stringify(report));
}

type Fetching = Pick<TestSystem, 'store'> & { readonly connectionId: string };

const allFetched = ({ store }: Fetching) => until(async () => (await store.documents.listUnsettledIds(1)).length === 0);

/** The stored contents by their places, each with how its resource names it. */
async function documentsOf({ store, connectionId }: Fetching) {
  const documents = await store.documents.list({ filter: { connectionId, state: 'stored' }, limit: 10_000 });
  const named = documents.map(({ resource: { type, id }, index, sha256, url }) => ({
    place: `${type}/${id}/${index}`,
    sha256,
    source: url === undefined ? 'inline' : /^https?:/.test(url) ? 'absolute' : 'relative',
  }));
  return named.toSorted((one, other) => (one.place < other.place ? -1 : 1));
}

/** The extension of an attachment, and all up to its URL. An attachment has no other objects. */
const shownUrl = /"extension":\[\{"url":"urn:bulkhead:received-url","valueUrl":("[^"]+")\}\],([^{}]*)"url":"[^"]*"/g;

/** A line as the EHR sent it, with the URLs of its attachments. */
function asReceived(line: string): string {
  return line.replaceAll(shownUrl, '$2"url":$1');
}

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
      return { BULKHEAD_PROVIDERS_FILE: file, WORKER_DOCUMENTS: 'on' };
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
    store,
    connectionId,
    stored: async () => {
      const lines = await readStored({ store, connectionId });
      return new Map([...lines].map(([reference, line]) => [reference, asReceived(line)]));
    },
  };
}
