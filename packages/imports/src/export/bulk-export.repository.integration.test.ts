import { quarantineFeature } from '@bulkhead/records/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { BulkExport } from './bulk-export.record.ts';
import { exportWarnings } from './errors.ts';
import { exportFeature } from './export.feature.ts';
import { makeBulkExport } from './testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  exportFeature.open({ ...context, ...quarantineFeature.open(context).repositories }),
);
afterAll(close);

const now = new Date('2024-06-01T00:00:00Z');

const stored = (id: string) => database.collection<{ _id: string }>('bulk_exports').findOne({ _id: id });

test('an export is stored with its own fields and those of the repository, and no others', async () => {
  const record = makeBulkExport();
  await store.bulkExports.insert({ record, requestKey: 'stored' });
  const { id, ...fields } = record;
  const events = [{ at: expect.any(Date), kind: 'phase', phase: 'queued' }];
  expect(await stored(id)).toEqual({ _id: id, ...fields, active: true, requestKey: 'stored', events });
  expect(await store.bulkExports.find(id)).toEqual(record);
});

test('two attempts that plan the slices of an export at once use those of the first one', async () => {
  const { bulkExports } = store;
  const record = makeBulkExport({ phase: 'kicking-off' });
  await bulkExports.insert({ record, requestKey: 'sliced' });
  const first = { slices: [{ patients: ['p1'], state: 'done' as const }, { patients: ['p2'] }], slice: 0 };
  const late = bulkExports.planSlices(record, async () => {
    expect(await bulkExports.planSlices(record, async () => first.slices)).toEqual(first);
    // Its first slice has ended meanwhile.
    await bulkExports.update({ id: record.id, phase: 'kicking-off', change: { slice: 1 } });
    return [{ patients: ['p1', 'p3'] }];
  });
  expect(await late).toEqual({ ...first, slice: 1 });
  expect(await bulkExports.find(record.id)).toMatchObject({ ...first, slice: 1 });
});

test('an export that is added after its end is not listed as running', async () => {
  const record = makeBulkExport({ phase: 'failed', completedAt: new Date() });
  await store.bulkExports.insert({ record, requestKey: 'ended' });
  expect((await store.bulkExports.listActive()).map(({ id }) => id)).not.toContain(record.id);
});

const ofStage = (...stages: readonly string[]) =>
  Object.entries(exportWarnings).flatMap(([code, { stage }]) => (stages.includes(stage) ? [code] : []));

test.each([
  { resumption: { from: 'failed', to: 'queued' }, kept: ofStage('kick-off') },
  { resumption: { from: 'failed', to: 'exporting' }, kept: ofStage('kick-off') },
  { resumption: { from: 'completed', to: 'downloading' }, kept: ofStage('kick-off', 'manifest', 'download') },
] as const)(
  'an export that is retried in $resumption.to keeps the warnings of what it does not repeat',
  async ({ resumption, kept }) => {
    const { from: phase, to } = resumption;
    const { bulkExports } = store;
    const record = makeBulkExport({
      phase,
      clockWentBack: true,
      foundClockBack: true,
    });
    await bulkExports.insert({ record, requestKey: `retried-in-${to}` });
    const codes = Object.keys(exportWarnings) as (keyof typeof exportWarnings)[];
    for (const code of codes) await bulkExports.warn({ id: record.id, code, message: 'Of the former end.' });
    const reopened = await bulkExports.reopen({ record, resumption, now: new Date() });
    expect(reopened?.warnings.map(({ code }) => code)).toEqual(kept);
    expect([reopened?.clockWentBack, reopened?.foundClockBack]).toEqual([to === 'queued' ? undefined : true, true]);
  },
);

test('a retry removes the warnings of the end and keeps the others', async () => {
  const keptWarning = { code: 'parameter-dropped' as const, message: 'Kept.' };
  const record = makeBulkExport({ warnings: [keptWarning] });
  const { id } = record;
  const { bulkExports } = store;
  await bulkExports.insert({ record, requestKey: 'retried' });
  await bulkExports.warn({ id, code: 'files-failed', message: 'Removed.' });
  await bulkExports.warn({ id, code: 'files-failed', message: 'Removed.' });
  const failed = await bulkExports.transition({ from: anyPhase(record), to: 'failed' });
  expect(failed?.warnings).toEqual([keptWarning, { code: 'files-failed', message: 'Removed.' }]);
  const reopened =
    failed &&
    (await bulkExports.reopen({ record: failed, resumption: { from: 'failed', to: 'queued' }, now: new Date() }));
  expect(reopened?.warnings).toEqual([keptWarning]);
  expect(reopened?.timeline?.map(({ phase }) => phase)).toEqual(['failed', 'queued']);
});

test('a clock that went back is found in earlier exports of the connection, from a time on', async () => {
  const { bulkExports } = store;
  const connectionId = 'conn_clock';
  const createdAt = new Date('2026-05-02');
  const record = makeBulkExport({ id: 'job_b', connectionId, createdAt });
  await bulkExports.insert({ record, requestKey: 'clock' });
  const find = async (id: string, since: string, of = connectionId) =>
    (await bulkExports.findClockGoneBack({ id, connectionId: of }, new Date(since)))?.id;
  expect(await find('job_c', '2026-05-01')).toBeUndefined();
  await bulkExports.warn({ id: 'job_b', code: 'ehr-clock-went-back', message: 'For people.' });
  expect(await find('job_c', '2026-05-01')).toBeUndefined();
  await bulkExports.update({ id: 'job_b', phase: 'queued', change: { foundClockBack: true } });
  expect(await find('job_c', '2026-05-01')).toBe('job_b');
  expect(await find('job_c', '2026-05-03')).toBeUndefined();
  expect(await find('job_a', '2026-05-01')).toBeUndefined();
  expect(await find('job_c', '2026-05-01', 'conn_other')).toBeUndefined();
});

describe('the unique key of a request', () => {
  const now = new Date('2026-05-01T10:00:00Z');
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const keys = () =>
    database.collection<{ _id: string; holder: string; connectionId: string; takenAt: Date }>('running_exports');
  const insert = (requestKey: string, createdAt: Date) => {
    const record = makeBulkExport({ createdAt });
    return store.bulkExports.insert({ record, requestKey }).then(() => record.id);
  };
  const refused = { code: 'export-already-running' };

  test('a key of a process that died before it stored its export is taken over after ten seconds', async () => {
    const { connectionId } = makeBulkExport();
    const _id = `${connectionId}/died`;
    await keys().insertOne({ _id, holder: 'job_dead', connectionId, takenAt: now });
    await expect(insert('died', after(9))).rejects.toMatchObject({ ...refused, context: { exportId: 'job_dead' } });
    const id = await insert('died', after(11));
    expect(await keys().findOne({ _id })).toMatchObject({ holder: id, takenAt: after(11) });
  });

  test('the key of a stored export holds, however old it is, until the export has ended', async () => {
    const id = await insert('long', now);
    await expect(insert('long', after(86_400))).rejects.toMatchObject({ ...refused, context: { exportId: id } });
    const from = await store.bulkExports.find(id);
    await store.bulkExports.transition({ from: anyPhase(from ?? makeBulkExport()), to: 'cancelled' });
    expect(await insert('long', after(86_400))).not.toBe(id);
  });
});

describe('the bulk export repository', () => {
  test('the bulk export repository refuses a second active export for the same connection and request', async () => {
    const first = makeBulkExport();
    await store.bulkExports.insert({ record: first, requestKey: 'k1' });
    await expect(store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k1' })).rejects.toMatchObject({
      code: 'export-already-running',
      context: { exportId: first.id },
    });
    await store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k2' });
    await store.bulkExports.transition({ from: anyPhase(first), to: 'cancelled' });
    await store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k1' });
  });

  test('the bulk export repository applies a transition once, and only if the phase and the version have not changed', async () => {
    const record = makeBulkExport();
    await store.bulkExports.insert({ record, requestKey: 'k3' });
    const results = await Promise.all(
      Array.from({ length: 5 }, () => store.bulkExports.transition({ from: anyPhase(record), to: 'kicking-off' })),
    );
    expect(results.filter(Boolean)).toMatchObject([{ phase: 'kicking-off', version: 2 }]);
    const timeline = [{ phase: 'kicking-off', at: expect.any(Date) }];
    expect(await store.bulkExports.find(record.id)).toEqual({ ...record, phase: 'kicking-off', version: 2, timeline });
    // @ts-expect-error A queued export has no data yet, so this transition does not compile.
    const skip = () => store.bulkExports.transition({ from: { ...record, phase: 'queued' }, to: 'completed' });
    expect(await skip()).toBeUndefined();
  });

  test('the bulk export repository keeps the last 50 phases of an export in its timeline, no matter how often it is retried', async () => {
    const { bulkExports } = store;
    const timeline = [{ phase: 'queued' as const, at: now }];
    let record: BulkExport | undefined = makeBulkExport({ timeline });
    await bulkExports.insert({ record, requestKey: 'k5' });
    for (let tries = 0; tries < 30 && record; tries++) {
      record = await bulkExports.transition({ from: anyPhase(record), to: 'failed' });
      if (tries === 0) expect(record?.timeline).toEqual([...timeline, { phase: 'failed', at: expect.any(Date) }]);
      if (record) record = await bulkExports.reopen({ record, resumption: { from: 'failed', to: 'queued' }, now });
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
