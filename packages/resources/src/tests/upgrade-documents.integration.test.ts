import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { Connection as Database } from 'mongoose';
import { createResourceStore, upgradeDocuments } from '../index.ts';
import { makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  createResourceStore({ ...context, rawWrites: () => undefined }),
);
const plans = database.collection<{ _id: string }>('CarePlan');
afterAll(close);
afterEach(async () => {
  for (const name of ['CarePlan', 'Patient', 'upgrades']) await database.collection(name).deleteMany({});
});

const planDocument = (id: string, element: object = {}) =>
  makeDocument({ resourceType: 'CarePlan', id, status: 'active', subject: { reference: 'Patient/p1' }, ...element });
const withSummary = { summary: { $exists: true } };

const upgrade = (options: { readonly database?: Database; readonly again?: boolean } = {}) =>
  upgradeDocuments({ database, resourceTypes: ['CarePlan', 'Patient'], again: false, ...options });

/** Stores care plans like an earlier version. */
async function storeFormer(count: number): Promise<void> {
  await store.resourceWriter.write(
    'CarePlan',
    Array.from({ length: count }, (_, index) => planDocument(`c${index}`)),
  );
  await plans.updateMany({}, { $set: { summary: { status: 'active' } } });
}

test('removes the summaries of all batches, and changes nothing else', async () => {
  await storeFormer(1200);
  const former = await plans.find().sort({ _id: 1 }).toArray();
  await upgrade();
  const current = await plans.find().sort({ _id: 1 }).toArray();
  expect(current).toEqual(former.map(({ summary: _, ...document }: { _id: string; summary?: object }) => document));
});

test('documents without a time of change get one, so that a copy which begins now lists them', async () => {
  await storeFormer(600);
  await plans.updateMany({ _id: { $ne: 'conn_1/c7' } }, { $unset: { changedAt: 1 } });
  const kept = await plans.findOne({ _id: 'conn_1/c7' });
  await upgrade();
  expect(await plans.findOne({ _id: 'conn_1/c7' })).toMatchObject({
    changedAt: (kept as { changedAt?: unknown } | null)?.changedAt,
  });
  const reference = { connectionId: 'conn_1', resourceTypes: ['CarePlan'] };
  const options = { ...reference, since: new Date(0), signal: new AbortController().signal };
  const listed = new Set<string>();
  for await (const { resourceId } of store.resourceChanges.readInOrder(options)) listed.add(resourceId);
  expect(listed.size).toBe(600);
});

test('removes nothing from types that had no summary', async () => {
  await database.collection('Patient').insertOne({ summary: 1 });
  await upgrade();
  expect(await database.collection('Patient').countDocuments(withSummary)).toBe(1);
});

test('a completed removal is repeated only with `again`, for what an older worker has stored since', async () => {
  await upgrade();
  await storeFormer(3);
  await upgrade();
  expect(await plans.countDocuments(withSummary)).toBe(3);
  await upgrade({ again: true });
  expect(await plans.countDocuments(withSummary)).toBe(0);
});

/** The database, with a callback before each batch is changed. */
function withBatches(beforeBatch: () => Promise<void>): Database {
  const collection = (name: string) => {
    const real = database.collection(name);
    const updateMany = async (...change: Parameters<typeof real.updateMany>) => {
      if (name === 'CarePlan') await beforeBatch();
      return real.updateMany(...change);
    };
    return new Proxy(real, {
      get: (target, member) => {
        const value = member === 'updateMany' ? updateMany : Reflect.get(target, member);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return { collection } as unknown as Database;
}

test('a removal that was interrupted removes the rest when it runs again', async () => {
  await storeFormer(1200);
  let batches = 0;
  const interrupted = withBatches(async () => {
    batches += 1;
    if (batches === 2) throw new Error('the process was killed');
  });
  await expect(upgrade({ database: interrupted })).rejects.toThrow('killed');
  expect(await plans.countDocuments(withSummary)).toBe(700);
  await upgrade();
  expect(await plans.countDocuments(withSummary)).toBe(0);
});

test('a removal keeps the version that a worker stores at the same time, and the version has no summary', async () => {
  await storeFormer(3);
  const newer = planDocument('c1', { status: 'completed', meta: { versionId: '2' } });
  const besideWorker = withBatches(async () => {
    await store.resourceWriter.write('CarePlan', [newer]);
  });
  await upgrade({ database: besideWorker });
  const stored = await plans.findOne({ _id: 'conn_1/c1' });
  expect(stored).toMatchObject({ revision: 2, resource: { status: 'completed' } });
  expect(await plans.countDocuments(withSummary)).toBe(0);
});

test('the next version of a resource replaces its summary', async () => {
  await storeFormer(1);
  await store.resourceWriter.write('CarePlan', [planDocument('c0', { status: 'revoked' })]);
  expect(await plans.findOne({})).toMatchObject({ resource: { status: 'revoked' } });
  expect(await plans.countDocuments(withSummary)).toBe(0);
});
