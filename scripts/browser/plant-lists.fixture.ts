import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

/** More than a page of the console, and more than one further page. */
const count = 230;
/** A connection can have 200. */
const schedules = 190;

const numbers = Array.from({ length: count }, (_, n) => n);
const digits = (n: number) => String(n).padStart(8, '0');

export type PlantedLists = Awaited<ReturnType<typeof plantLists>>;

/** Fills every list of the console with more entries than a page has. The patients are those of the system. */
export async function plantLists(system: TestSystem) {
  const { store, connectionId } = system;
  const call = createApiClient(system);
  const now = new Date();
  // Ten days later: a schedule that ran now would add an export to the list that a test counts.
  const runsOn = new Date(now.getTime() + 10 * 24 * 60 * 60 * 1000);
  const day = `${runsOn.getUTCDate()} ${runsOn.getUTCMonth() + 1}`;
  const ofConnection = { connectionId, provider: 'athenahealth' };
  const ended = { version: 1, createdAt: now, completedAt: now };
  const { id: exportId } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', {
    connectionId,
    resourceTypes: ['Patient'],
  });
  const isStored = async () => (await store.bulkExports.find(exportId))?.phase === 'completed' || undefined;
  if (!(await pollUntil(isStored, { timeoutMs: 60_000, intervalMs: 200 }))) throw new Error('the export did not end');
  await store.outputFiles.insertMissing(
    numbers.map((n) => makeOutputFile({ id: `${exportId}.9${digits(n)}`, exportId, connectionId, state: 'completed' })),
  );
  for (const n of numbers) {
    const id = `job_0${digits(n)}`;
    const record = makeBulkExport({ id, ...ofConnection, ...ended, phase: 'cancelled' });
    await store.bulkExports.insert({ record, requestKey: id });
    await store.syncRuns.insert({
      id: `sync_0${digits(n)}`,
      ...ofConnection,
      phase: 'cancelled',
      ...ended,
      request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
      types: [],
      skipped: [],
      warnings: [],
    });
    await store.webhookDeliveries.insertMissing({
      id: `${id}.3.0a1b2c3d`,
      connectionId,
      url: `https://client.example/${n}`,
      type: 'bulk-export.cancelled',
      body: '{}',
      state: 'delivered',
      attempts: [],
      createdAt: now,
    });
    await store.erasures.insert({
      id: `erase_0${digits(n)}`,
      kind: 'patient',
      connectionId: 'conn_removed',
      phase: 'completed',
      ...ended,
      deleted: { resources: {}, records: {}, contentBytes: 0 },
      warnings: [],
      requestedBy: { kind: 'api-key', id: 'key_planted', name: 'planted', role: 'operator' },
    });
    await store.auditEvents.append({
      actor: { kind: 'api-key', id: 'key_planted', name: 'planted', role: 'client' },
      action: 'resource.read',
      target: { connectionId },
      patients: ['p1'],
      outcome: 'success',
    });
    const schedule = { connectionId, kind: 'export', cron: `${n % 60} ${n % 24} ${day} *`, timeZone: 'UTC' };
    if (n < schedules) await call('POST', '/api/ehr/schedules', schedule);
  }
  await store.documents.note(
    numbers.map((n) => ({
      id: `doc_0${digits(n)}`,
      connectionId,
      resource: { type: 'DocumentReference', id: `d${n}` },
      index: 0,
      patientId: 'p1',
      fingerprint: 'f',
      state: 'skipped',
      reason: 'too-large',
      notes: [],
      attempts: 0,
      createdAt: now,
    })),
  );
  const bytes = Buffer.from('no resource');
  const place = {
    connectionId,
    resourceType: 'Patient',
    reason: 'not-json',
    line: 1,
    offset: 0,
    bytes,
    sizeBytes: bytes.length,
  };
  for (const n of numbers) {
    const ofExport = { runId: `job_0${digits(n)}`, fileId: `job_0${digits(n)}.1` };
    await store.quarantine.put({ lines: [{ ...place, ...ofExport, sha256: digits(n) }], now });
  }
  for (const n of numbers.slice(0, 110)) {
    const auth = { method: 'none' };
    await call('POST', '/api/ehr/connections', { provider: 'athenahealth', name: `planted ${n}`, auth, force: true });
  }
  for (const n of numbers.slice(0, 30)) {
    await store.apiKeys.create({ name: `planted ${n}`, role: 'client', now });
    const jwksUrl = 'https://client.example/jwks.json';
    await store.backendClients.create({ name: `planted ${n}`, scope: 'system/*.read', jwksUrl, now });
  }
  for (const alg of ['ES384', 'RS384']) await call('POST', '/api/ehr/signing-keys', { alg });
  const [patientId = ''] = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
  return { connectionId, exportId, syncRunId: `sync_0${digits(1)}`, patientId };
}
