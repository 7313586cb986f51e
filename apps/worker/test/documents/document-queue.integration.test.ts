import type { PatientDocument } from '@bulkhead/documents';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const system = await startSystem({ hasWorker: true, simulator: { patients: 5 } });
afterAll(() => system.stop());

const list = () => system.store.documents.list({ filter: { connectionId: system.connectionId }, limit: 1000 });

test('an export stores its documents, and the API returns them as the EHR has them', async () => {
  await system.settled(await system.startExport({ resourceTypes: ['DiagnosticReport', 'DocumentReference'] }));
  const documents = await waitFor(
    async () => {
      const all = await list();
      return all.length > 0 && all.every(({ state }) => state === 'stored') ? all : undefined;
    },
    { timeoutMs: 60_000, what: 'the last document' },
  );
  const { body } = await system.request(
    'GET',
    `/api/ehr/athenahealth/documents?connectionId=${system.connectionId}&state=stored&limit=1000`,
  );
  expect(body.data.map(({ id }: PatientDocument) => id)).toEqual(documents.map(({ id }) => id));
  for (const { id, sha256, storedType } of documents) {
    const address = `${system.baseUrl}/api/ehr/athenahealth/documents/${id}`;
    const response = await fetch(address, { headers: { authorization: `Bearer ${system.apiKey}` } });
    expect(response.headers.get('content-type')).toBe(storedType);
    const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
    expect(Buffer.from(digest).toString('hex')).toBe(sha256);
  }
  expect(await system.violations()).toMatchObject({ byKind: { rate: 0, token: 0 } });
});

test('an export warns of its documents that could not be fetched, until they are', async () => {
  await system.control.inject(
    '/Binary/a-195900.pdf-1-1$',
    { kind: 'redirect', to: 'http://169.254.169.254/latest' },
    { times: 'always' },
  );
  const presentedForm = [{ contentType: 'application/pdf', url: 'Binary/a-195900.pdf-1-1' }];
  const report = { resourceType: 'DiagnosticReport', id: 'gone', status: 'final', presentedForm };
  await system.control.put('DiagnosticReport/gone', JSON.stringify(report));
  const id = await system.startExport({ resourceTypes: ['DiagnosticReport'] });
  await system.settled(id);
  const path = `/api/ehr/athenahealth/bulk-export/${id}`;
  const failed = await waitFor(async () => (await list()).find(({ state }) => state === 'failed'));
  expect([failed.resource.id, failed.exportId]).toEqual(['gone', id]);
  const warned = (await system.request('GET', path)).body.data.warnings;
  expect(warned).toEqual([{ code: 'documents-failed', message: expect.stringContaining('could not be fetched: 1.') }]);
  await system.control.cancelOrders();
  await system.request('POST', `/api/ehr/athenahealth/documents/${failed.id}/retry`);
  await waitFor(async () => (await system.store.documents.find(failed.id))?.state === 'stored');
  expect((await system.request('GET', path)).body.data.warnings).toEqual([]);
});

test('the sweep creates the missing job of a document', async () => {
  const [document] = await list();
  if (!document) throw new Error('no document');
  // As after a loss of Redis: a document that is due and has no job.
  const { connectionId, resource, index, url, createdAt } = document;
  const lost = { id: document.id, connectionId, resource, index, createdAt, notes: [], attempts: 0 };
  const due = { ...lost, ...(url === undefined ? {} : { url }), fingerprint: 'another', state: 'skipped' } as const;
  // Skipped at first, so that the running worker does not see it before it is due.
  await system.store.documents.note([{ ...due, reason: 'documents-off' }]);
  const job = await waitFor(async () => {
    const now = await system.store.documents.find(document.id);
    return now && now.state !== 'skipped' && now.attempts > 0 ? now : undefined;
  });
  expect(job.reason).toBeUndefined();
});
