import { quarantineFeature } from '@bulkhead/records/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { syncFeature } from './sync.feature.ts';
import { makeSyncRun } from './testing/make-sync-run.ts';

const now = new Date('2024-06-01T00:00:00Z');
const { store, close } = await openTestStore((context) =>
  syncFeature.open({ ...context, ...quarantineFeature.open(context).repositories }),
);
afterAll(close);

describe('the sync run repository', () => {
  test('the sync run repository counts searches that fail at the same time in one event', async () => {
    const id = 'sync_events';
    const request = { includeStandard: false, includeEnhanced: true, resourceTypes: [], patients: [] };
    const record = { id, connectionId: 'conn_events', provider: 'athenahealth', phase: 'running' as const, request };
    await store.syncRuns.insert({ ...record, version: 1, createdAt: now, types: [], skipped: [], warnings: [] });
    const event = { kind: 'search-failed' as const, resourceType: 'Observation', code: 'ehr-error' };
    await Promise.all(Array.from({ length: 20 }, () => store.syncRuns.noteSearchEvent({ id, event })));
    const events = (await store.syncRuns.listEvents(id)).filter(({ kind }) => kind === event.kind);
    expect(events).toMatchObject([{ ...event, count: 20 }]);
  });

  test('a retry of a run removes the warnings of its previous end', async () => {
    const warnings = [{ code: 'search-incomplete' as const, message: 'Of the previous end.' }];
    const run = makeSyncRun({ phase: 'partial', patientCount: 1, warnings });
    await store.syncRuns.insert(run);
    expect(await store.syncRuns.reopen({ from: run, now })).toMatchObject({ phase: 'running', warnings: [] });
  });
});
