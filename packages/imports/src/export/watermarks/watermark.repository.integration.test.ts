import { testContext } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import type { Watermark } from './watermark.record.ts';
import { WatermarkRepository } from './watermark.repository.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const watermarks = new WatermarkRepository(testContext(database));
afterAll(() => database.close());
beforeEach(() => database.collection('watermarks').deleteMany({}));

/** The watermark of an export on a day in January. */
function mark(day: number, change: Partial<Watermark> = {}): Watermark {
  const at = new Date(Date.UTC(2024, 0, day));
  return {
    connectionId: 'conn_1',
    exportType: 'Patient',
    resourceType: 'Goal',
    transactionTime: `2024-01-0${day}T00:00:00+00:00`,
    at,
    deletionsAt: at,
    exportId: `job_${day}`,
    ...change,
  };
}

const list = (change: object = {}) => watermarks.list({ connectionId: 'conn_1', ...change });

test('the watermark repository moves a watermark forward and never back, in whatever order exports end #watermarks', async () => {
  for (const day of [2, 5, 3, 5]) await watermarks.advance(mark(day));
  expect(await list()).toEqual([mark(5)]);
  // Another export with the same instant does not replace it.
  await watermarks.advance(mark(5, { exportId: 'job_other' }));
  expect(await list()).toEqual([mark(5)]);
});

test('the watermark repository keeps the newest watermark if several exports end at the same time #watermarks', async () => {
  await Promise.all([3, 1, 4, 2, 5].map((day) => watermarks.advance(mark(day))));
  expect(await list()).toEqual([mark(5)]);
});

test('the watermark repository keeps one watermark for each connection, level and type #watermarks', async () => {
  const otherKeys = [{ connectionId: 'conn_2' }, { exportType: 'Group' as const }, { resourceType: 'Condition' }];
  for (const change of [{}, ...otherKeys]) await watermarks.advance(mark(1, change));
  await watermarks.advance(mark(2));
  expect(await list()).toEqual([mark(1, { exportType: 'Group' }), mark(1, { resourceType: 'Condition' }), mark(2)]);
  expect(await list({ exportType: 'Group' })).toEqual([mark(1, { exportType: 'Group' })]);
  expect(await watermarks.list({ connectionId: 'conn_2' })).toEqual([mark(1, { connectionId: 'conn_2' })]);
  expect(await watermarks.listAll()).toHaveLength(4);
  const { exportId: _, ...listed } = mark(2);
  expect(await watermarks.listAll()).toContainEqual(listed);
});

test('the watermark repository moves the time of deletions forward by itself, and never back #watermarks', async () => {
  const onDay = (day: number) => new Date(Date.UTC(2024, 0, day));
  await watermarks.advance(mark(1));
  await watermarks.advance(mark(5, { deletionsAt: onDay(1) }));
  expect(await list()).toEqual([mark(5, { deletionsAt: onDay(1) })]);
  // An incremental export that ends after a later full export.
  await watermarks.advance(mark(3));
  expect(await list()).toEqual([mark(5, { deletionsAt: onDay(3) })]);
});

test.each([
  { what: 'scopes and types', coverage: { scope: 'system/*.read', offered: ['Goal', 'Patient'] } },
  { what: 'an empty list of offered types', coverage: { offered: [] } },
  { what: 'only scopes', coverage: { scope: 'system/*.read' } },
])('the watermark repository stores the coverage of an export: $what #watermarks', async ({ coverage }) => {
  await watermarks.advance(mark(1, { coverage }));
  expect(await list()).toEqual([mark(1, { coverage })]);
});

test('the watermark repository throws if a watermark cannot be written #watermarks', async () => {
  const failing = await mongoose.createConnection(testServices().mongodbUri).asPromise();
  const repository = new WatermarkRepository(testContext(failing));
  await failing.close();
  await expect(repository.advance(mark(1))).rejects.toThrow();
});

test.each(['connectionId', 'exportType', 'resourceType', 'transactionTime', 'at', 'exportId'] as const)(
  'the watermark repository rejects a watermark without %s',
  async (field) => {
    const { [field]: _, ...incomplete } = mark(1);
    await expect(database.model('Watermark').create({ _id: 'x', ...incomplete })).rejects.toThrow(field);
  },
);

test('the watermark repository rejects a watermark with an unknown field', async () => {
  await expect(watermarks.advance({ ...mark(1), other: 1 } as Watermark)).rejects.toThrow('other');
});

test('the watermarks collection has an index on the connection', async () => {
  await database.model('Watermark').createIndexes();
  expect(await database.collection('watermarks').indexes()).toContainEqual(
    expect.objectContaining({ key: { connectionId: 1 } }),
  );
});
