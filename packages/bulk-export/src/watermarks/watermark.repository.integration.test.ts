import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createWatermarkRepository } from './watermark.repository.ts';
import type { Watermark } from './watermark.ts';

let database: mongoose.Connection;
let watermarks: ReturnType<typeof createWatermarkRepository>;
beforeAll(async () => {
  database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
  watermarks = createWatermarkRepository(database);
});
afterAll(() => database.close());
beforeEach(() => database.collection('watermarks').deleteMany({}));

/** Of an export at a day of January. */
function mark(day: number, change: Partial<Watermark> = {}): Watermark {
  const at = new Date(Date.UTC(2024, 0, day));
  return {
    connectionId: 'conn_1',
    exportType: 'Patient',
    resourceType: 'Goal',
    transactionTime: `2024-01-0${day}T00:00:00+00:00`,
    at,
    exportId: `job_${day}`,
    ...change,
  };
}

const list = (change: object = {}) => watermarks.list({ connectionId: 'conn_1', ...change });

describe('a watermark', () => {
  test('moves forward, never back, whatever the order in which exports end #watermarks', async () => {
    for (const day of [2, 5, 3, 5]) await watermarks.advance(mark(day));
    expect(await list()).toEqual([mark(5)]);
    // The same instant by another export is not later.
    await watermarks.advance(mark(5, { exportId: 'job_other' }));
    expect(await list()).toEqual([mark(5)]);
  });

  test('ends at the newest of exports that end at the same time #watermarks', async () => {
    await Promise.all([3, 1, 4, 2, 5].map((day) => watermarks.advance(mark(day))));
    expect(await list()).toEqual([mark(5)]);
  });

  test('is kept for each connection, level and type #watermarks', async () => {
    const others = [{ connectionId: 'conn_2' }, { exportType: 'Group' as const }, { resourceType: 'Condition' }];
    for (const change of [{}, ...others]) await watermarks.advance(mark(1, change));
    await watermarks.advance(mark(2));
    expect(await list()).toEqual([mark(1, { exportType: 'Group' }), mark(1, { resourceType: 'Condition' }), mark(2)]);
    expect(await list({ exportType: 'Group' })).toEqual([mark(1, { exportType: 'Group' })]);
    expect(await watermarks.list({ connectionId: 'conn_2' })).toEqual([mark(1, { connectionId: 'conn_2' })]);
    expect(await watermarks.listAll()).toHaveLength(4);
    expect(await watermarks.listAll()).toContainEqual(mark(2));
  });

  test.each([
    { what: 'scopes and types', coverage: { scope: 'system/*.read', offered: ['Goal', 'Patient'] } },
    { what: 'no type that the server names', coverage: { offered: [] } },
    { what: 'scopes alone', coverage: { scope: 'system/*.read' } },
  ])('keeps what its export could bring: $what #watermarks', async ({ coverage }) => {
    await watermarks.advance(mark(1, { coverage }));
    expect(await list()).toEqual([mark(1, { coverage })]);
  });

  test('whose write fails is an error, unless there is a newer one #watermarks', async () => {
    const failing = await mongoose.createConnection(testServices().mongodbUri).asPromise();
    const repository = createWatermarkRepository(failing);
    await failing.close();
    await expect(repository.advance(mark(1))).rejects.toThrow();
  });

  test.each(['connectionId', 'exportType', 'resourceType', 'transactionTime', 'at', 'exportId'] as const)(
    'without %s is refused',
    async (field) => {
      const { [field]: _, ...incomplete } = mark(1);
      await expect(database.model('Watermark').create({ _id: 'x', ...incomplete })).rejects.toThrow(field);
    },
  );

  test('with a field that is not one of its own is refused', async () => {
    await expect(watermarks.advance({ ...mark(1), other: 1 } as Watermark)).rejects.toThrow('other');
  });
});

test('watermarks are found by their connection', async () => {
  await database.model('Watermark').createIndexes();
  expect(await database.collection('watermarks').indexes()).toContainEqual(
    expect.objectContaining({ key: { connectionId: 1 } }),
  );
});
