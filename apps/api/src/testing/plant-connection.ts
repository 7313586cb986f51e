import { randomUUID } from 'node:crypto';
import { makeConnection } from '@bulkhead/connections/testing';
import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import type { Store } from '@bulkhead/system';

const now = new Date('2026-05-01T10:00:00Z');

/** The ids of the records of one connection. */
export type PlantedConnection = Awaited<ReturnType<typeof plantConnection>>;

/** Inserts a connection with one record of every kind that a connection can have. */
export async function plantConnection(
  store: Store,
  /** Who has started the served export. */
  { clientId = 'key_none' }: { readonly clientId?: string } = {},
) {
  const suffix = randomUUID().replaceAll('-', '');
  const ids = {
    connectionId: `conn_${suffix}`,
    exportId: `job_${suffix}`,
    syncRunId: `sync_${suffix}`,
    scheduleId: `sched_${suffix}`,
    documentId: `doc_${suffix}`,
    lineId: `job_${suffix}.1.0000000000000000`,
    deliveryId: `job_${suffix}.3.0a1b2c3d`,
  };
  const { connectionId, exportId } = ids;
  const ofConnection = { connectionId, provider: 'athenahealth' };
  const capabilities = { readAt: new Date(), exportLevels: ['patient' as const], resourceTypes: ['Patient'] };
  await store.connections.insert(makeConnection({ id: connectionId, capabilities, createdAt: now }));
  const ended = { phase: 'failed' as const, completedAt: now };
  const record = makeBulkExport({ id: exportId, ...ofConnection, ...ended });
  await store.bulkExports.insert({ record, requestKey: exportId });
  await store.syncRuns.insert({
    id: ids.syncRunId,
    ...ofConnection,
    phase: 'failed',
    version: 1,
    createdAt: now,
    completedAt: now,
    request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
    types: [],
    skipped: [],
    warnings: [],
  });
  await store.cohorts.save({ key: { connectionId, name: 'c' }, from: undefined, patients: ['p1'], now });
  await store.schedules.insert(makeSchedule({ id: ids.scheduleId, ...ofConnection }));
  await store.documents.note([
    {
      id: ids.documentId,
      connectionId,
      resource: { type: 'DocumentReference', id: 'd1' },
      index: 0,
      patientId: 'p1',
      fingerprint: 'f',
      state: 'skipped',
      reason: 'too-large',
      notes: [],
      attempts: 0,
      createdAt: now,
    },
  ]);
  const place = { connectionId, runId: exportId, fileId: `${exportId}.1`, line: 1, offset: 0 };
  const bytes = Buffer.from('no resource');
  await store.quarantine.put({
    lines: [{ ...place, resourceType: 'Patient', reason: 'not-json', bytes, sizeBytes: bytes.length }],
    now,
  });
  await store.webhookDeliveries.insertMissing({
    id: ids.deliveryId,
    connectionId,
    url: 'https://client.example/hook',
    type: 'bulk-export.failed',
    body: '{}',
    state: 'delivered',
    attempts: [],
    createdAt: now,
  });
  const servedExportId = await store.servedExports.create({
    connectionId,
    clientId,
    request: `https://bulkhead.example/${connectionId}`,
    types: [],
    typeFilters: [],
    patients: [],
    elements: [],
    parts: [],
    ignored: [],
    until: now,
    deletedBefore: now,
    expiresAt: new Date(Date.now() + 3_600_000),
  });
  const backendClient = await store.backendClients.create({
    name: 'etl',
    scope: 'system/*.read',
    connectionIds: [connectionId],
    now,
  });
  return { ...ids, servedExportId, backendClientId: backendClient.id };
}
