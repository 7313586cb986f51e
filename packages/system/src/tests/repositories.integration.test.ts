import { type BulkExport, emptyCheckpoint } from '@bulkhead/bulk-export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/bulk-export/testing';
import { makeConnection } from '@bulkhead/providers/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openTestStore } from './open-test-store.fixture.ts';

const now = new Date('2024-06-01T00:00:00Z');

const { store, close } = await openTestStore();
afterAll(close);

describe('the bulk export repository', () => {
  test('the bulk export repository refuses a second active export for the same connection and request', async () => {
    const first = makeBulkExport();
    await store.bulkExports.insert({ record: first, requestKey: 'k1' });
    await expect(store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k1' })).rejects.toMatchObject({
      code: 'export-already-running',
      context: { exportId: first.id },
    });
    await store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k2' });
    await store.bulkExports.transition({ from: first, to: 'cancelled' });
    await store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k1' });
  });

  test('the bulk export repository applies a transition once, and only if the phase and the version have not changed', async () => {
    const record = makeBulkExport();
    await store.bulkExports.insert({ record, requestKey: 'k3' });
    const results = await Promise.all(
      Array.from({ length: 5 }, () => store.bulkExports.transition({ from: record, to: 'kicking-off' })),
    );
    expect(results.filter(Boolean)).toMatchObject([{ phase: 'kicking-off', version: 2 }]);
    const timeline = [{ phase: 'kicking-off', at: expect.any(Date) }];
    expect(await store.bulkExports.find(record.id)).toEqual({ ...record, phase: 'kicking-off', version: 2, timeline });
    await expect(store.bulkExports.transition({ from: record, to: 'completed' })).rejects.toThrow('cannot move');
  });

  test('the bulk export repository keeps the last 50 phases of an export in its timeline, no matter how often it is retried', async () => {
    const { bulkExports } = store;
    const timeline = [{ phase: 'queued' as const, at: now }];
    let record: BulkExport | undefined = makeBulkExport({ timeline });
    await bulkExports.insert({ record, requestKey: 'k5' });
    for (let tries = 0; tries < 30 && record; tries++) {
      record = await bulkExports.transition({ from: record, to: 'failed' });
      if (tries === 0) expect(record?.timeline).toEqual([...timeline, { phase: 'failed', at: expect.any(Date) }]);
      if (record) record = await bulkExports.reopen({ from: record, to: 'queued', now });
    }
    expect(record?.timeline?.map(({ phase }) => phase)).toEqual(Array(25).fill(['failed', 'queued']).flat());
  });

  test('a lease is held by one owner until it ends #two-workers #clock', async () => {
    const record = makeBulkExport();
    await store.bulkExports.insert({ record, requestKey: 'k4' });
    const leases = store.exportLeases;
    const take = (owner: string) => leases.take({ id: record.id, owner, durationMs: 60_000 });
    const extend = (owner: string, durationMs: number) => leases.extend({ id: record.id, owner, durationMs });
    expect([await take('a'), await take('b'), await extend('b', 60_000)]).toEqual([true, false, false]);
    // The extension ends in the past, so the lease has expired.
    expect([await extend('a', -1), await take('b'), await take('a')]).toEqual([true, true, false]);
    await leases.release({ id: record.id, owner: 'b' });
    // An extension that arrives after the release has no effect.
    expect([await extend('b', 60_000), await take('a')]).toEqual([false, true]);
  });
});

describe('the output file repository', () => {
  test('the output file repository adds only unknown files and resets no progress when a manifest is read again', async () => {
    const file = makeOutputFile({ exportId: 'job_m' });
    await store.outputFiles.insertMissing([file]);
    await store.outputFiles.claim({ id: file.id, claim: 'a' }, now);
    await store.outputFiles.insertMissing([file, makeOutputFile({ exportId: 'job_m', promisedCount: 5 })]);
    expect((await store.outputFiles.listByExport('job_m')).map(({ attempts }) => attempts).sort()).toEqual([0, 1]);
    expect(await store.outputFiles.sum('job_m')).toMatchObject({ files: 2, promised: 5, filesCompleted: 0 });
  });

  test('only the latest claim of an output file may write #two-workers', async () => {
    const file = makeOutputFile();
    const { id } = file;
    const checkpoint = { ...emptyCheckpoint, bytes: 100, lines: 3, stored: 3 };
    await store.outputFiles.insertMissing([file]);
    await store.outputFiles.claim({ id, claim: 'a' }, now);
    expect(await store.outputFiles.saveCheckpoint({ id, claim: 'a' }, { checkpoint, etag: '"1"' })).toBe(true);
    expect(await store.outputFiles.claim({ id, claim: 'b' }, now)).toMatchObject({
      checkpoint,
      etag: '"1"',
      attempts: 2,
    });
    expect(await store.outputFiles.saveCheckpoint({ id, claim: 'a' }, { checkpoint })).toBe(false);
    const end = { checkpoint, hasPromisedCount: true, now };
    await store.outputFiles.complete({ id, claim: 'a' }, end);
    expect(await store.outputFiles.find(id)).toMatchObject({ state: 'downloading' });
    await store.outputFiles.complete({ id, claim: 'b' }, end);
    expect(await store.outputFiles.find(id)).toMatchObject({ state: 'completed' });
    expect(await store.outputFiles.claim({ id, claim: 'c' }, now)).toBeUndefined();
  });

  test('the output file repository sums the issues of error files and output files by severity and code', async () => {
    const issue = { severity: 'error', code: 'exception' };
    const [output, error, none] = [
      [{ ...issue, count: 2, types: ['Observation'] }],
      [
        { ...issue, count: 3 },
        { severity: 'warning', code: 'timeout', count: 1 },
      ],
      [],
    ].map((issues) => ({ checkpoint: { ...makeOutputFile().checkpoint, issues } }));
    const exportId = 'job_issues';
    await store.outputFiles.insertMissing([
      makeOutputFile({ exportId, ...output }),
      makeOutputFile({ exportId, section: 'error', ...error }),
      makeOutputFile({ exportId, ...none }),
    ]);
    expect(await store.outputFiles.sumIssues(exportId)).toEqual([
      { ...issue, count: 5 },
      { severity: 'warning', code: 'timeout', count: 1 },
    ]);
  });

  test('the output file repository counts replayed lines as stored resources or readable deletions instead of as quarantined', async () => {
    const exportId = 'job_recount';
    const checkpoint = { ...makeOutputFile().checkpoint, stored: 5, quarantined: 3 };
    const output = makeOutputFile({ exportId, state: 'completed', checkpoint });
    const deleted = makeOutputFile({
      exportId,
      section: 'deleted',
      state: 'completed',
      checkpoint: { ...checkpoint, unreadableDeletions: 3 },
    });
    await store.outputFiles.insertMissing([output, deleted]);
    for (const { id } of [output, deleted])
      await store.outputFiles.recountQuarantined({ id, quarantined: 1, withheld: 0 });
    expect((await store.outputFiles.find(output.id))?.checkpoint).toMatchObject({ stored: 7, quarantined: 1 });
    expect((await store.outputFiles.find(deleted.id))?.checkpoint).toMatchObject({
      stored: 5,
      quarantined: 1,
      unreadableDeletions: 1,
    });
    // An erasure has withheld the last line, so what it deletes is not known.
    await store.outputFiles.recountQuarantined({ id: deleted.id, quarantined: 0, withheld: 1 });
    expect((await store.outputFiles.find(deleted.id))?.checkpoint).toMatchObject({
      quarantined: 0,
      unreadableDeletions: 1,
    });
  });
});

describe('the connection repository', () => {
  test('the connection repository returns a stored connection, with its secret only on request, until it is deleted', async () => {
    const auth = {
      method: 'client_credentials',
      clientId: 'c',
      clientSecret: 's3cret',
      scope: 'system/*.read',
    } as const;
    const connection = makeConnection({ id: 'conn_s', auth });
    await store.connections.insert(connection);
    expect(await store.connections.findWithSecrets('conn_s')).toEqual(connection);
    const { clientSecret: _, ...withoutSecret } = auth;
    expect(await store.connections.find('conn_s')).toEqual({ ...connection, auth: withoutSecret });
    expect(await store.connections.delete('conn_s')).toBe(true);
    expect(await store.connections.find('conn_s')).toBeUndefined();
  });
});

describe('the API key repository', () => {
  test('the API key repository finds an API key by exactly its own text', async () => {
    const key = await store.apiKeys.create({ name: 'first', role: 'operator', now });
    expect(await store.apiKeys.findByKey(key)).toMatchObject({
      name: 'first',
      role: 'operator',
      prefix: key.slice(0, 13),
    });
    expect(await store.apiKeys.findByKey(`${key}x`)).toBeUndefined();
  });
});

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
});
