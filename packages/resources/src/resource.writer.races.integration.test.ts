import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createResourceWriter } from './resource.writer.ts';
import type { ResourceDocument } from './resource-document.ts';

let database: mongoose.Connection;
beforeAll(async () => {
  database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
});
afterAll(() => database.close());

/** Commands that the writer has sent. */
let commands: string[];
/** What happens before the next commands of a name, once each: another process does something, or the server fails. */
let before: { readonly command: string; readonly happens: () => Promise<unknown> }[];
let connectionId: string;
let tests = 0;
beforeEach(() => {
  [commands, before] = [[], []];
  connectionId = `c${++tests}`;
});

/** The database, with other processes that come in between. */
function createDisturbed(): mongoose.Connection {
  const disturb = (collection: ReturnType<mongoose.Connection['collection']>) =>
    new Proxy(collection, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          commands.push(String(name));
          const next = before.findIndex(({ command }) => command === name);
          const call = () => member.apply(target, args);
          return next < 0 ? call() : before.splice(next, 1)[0]?.happens().then(call);
        };
      },
    });
  return new Proxy(database, {
    get: (target, name) =>
      name === 'collection' ? (type: string) => disturb(target.collection(type)) : Reflect.get(target, name),
  });
}

function version(resourceId: string, number: number): ResourceDocument {
  return {
    _id: `${connectionId}/${resourceId}`,
    connectionId,
    resourceId,
    source: { exportId: 'job_1', fileId: 'job_1.1', line: number },
    storedAt: new Date('2024-06-01T00:00:00Z'),
    observedAt: new Date('2024-06-01T00:00:00Z'),
    lastUpdated: new Date(Date.UTC(2024, 0, number)),
    versionId: String(number),
    contentHash: `hash ${number}`,
    deleted: false,
    subsetted: false,
    keys: {},
  };
}

const gate = { keptOutOf: async () => undefined };
const create = () => {
  const writer = createResourceWriter({ database: createDisturbed(), gate });
  return (...documents: ResourceDocument[]) => writer.write('Goal', documents);
};
/** Another process. */
const other = (...documents: ResourceDocument[]) => createResourceWriter({ database, gate }).write('Goal', documents);
const otherBeforeWrite = (...documents: ResourceDocument[]) =>
  before.push({ command: 'bulkWrite', happens: () => other(...documents) });
const read = async (resourceId: string) => {
  const stored = await database.collection<ResourceDocument>('Goal').findOne({ _id: `${connectionId}/${resourceId}` });
  const { versionId, earlier = [] } = stored as unknown as { versionId: string; earlier?: { versionId: string }[] };
  return [versionId, ...earlier.map((one) => one.versionId)];
};
const sent = (name: string) => commands.filter((command) => command === name).length;

describe('a version that another process replaces between the comparison and the write', () => {
  test('is not written if the other one is newer', async () => {
    await other(version('a', 1));
    otherBeforeWrite(version('a', 3));
    expect(await create()(version('a', 2))).toEqual({ written: 0, unchanged: 0, stale: 1, withheld: 0 });
    expect(await read('a')).toEqual(['3', '1']);
  });

  test('replaces the other one if that is older, and remembers it', async () => {
    await other(version('a', 1));
    otherBeforeWrite(version('a', 2));
    expect(await create()(version('a', 3))).toEqual({ written: 1, unchanged: 0, stale: 0, withheld: 0 });
    expect(await read('a')).toEqual(['3', '2', '1']);
    // Each write of a resource counts it up.
    expect(await database.collection('Goal').findOne({ connectionId })).toMatchObject({ revision: 3 });
  });

  test('does not keep the rest of its batch from being written, and counted as such', async () => {
    await other(version('a', 1), version('b', 1));
    otherBeforeWrite(version('a', 3));
    expect(await create()(version('a', 2), version('b', 2), version('c', 2))).toEqual({
      written: 2,
      unchanged: 0,
      stale: 1,
      withheld: 0,
    });
    expect([await read('a'), await read('b'), await read('c')]).toEqual([['3', '1'], ['2', '1'], ['2']]);
  });
});

describe('the same version that another process writes between the comparison and the write', () => {
  const source = { exportId: 'job_2', fileId: 'job_2.1', line: 2 };

  test.each([
    { name: 'from another line', change: { source } },
    { name: 'at another time', change: { storedAt: new Date('2024-06-01T00:00:00.001Z') } },
  ])('is unchanged if it is $name', async ({ change }) => {
    await other(version('a', 1), version('b', 1));
    otherBeforeWrite({ ...version('a', 2), ...change });
    expect(await create()(version('a', 2), version('b', 2))).toEqual({
      written: 1,
      unchanged: 1,
      stale: 0,
      withheld: 0,
    });
    expect([await read('a'), await read('b')]).toEqual([
      ['2', '1'],
      ['2', '1'],
    ]);
  });
});

test('a newer version of the same line that another process writes meanwhile is kept', async () => {
  await other(version('a', 1));
  const { source } = version('a', 2);
  otherBeforeWrite({ ...version('a', 3), source });
  expect(await create()(version('a', 2))).toEqual({ written: 0, unchanged: 0, stale: 1, withheld: 0 });
  expect(await read('a')).toEqual(['3', '1']);
});

describe('a resource that another process inserts between the comparison and the write', () => {
  test('is not written if the other version is newer', async () => {
    otherBeforeWrite(version('a', 3));
    expect(await create()(version('a', 2))).toEqual({ written: 0, unchanged: 0, stale: 1, withheld: 0 });
    expect(await read('a')).toEqual(['3']);
  });

  test('replaces the other version if that is older, and the rest of the batch is written once', async () => {
    await other(version('b', 1));
    otherBeforeWrite(version('a', 1));
    expect(await create()(version('c', 2), version('a', 2), version('b', 2))).toEqual({
      written: 3,
      unchanged: 0,
      stale: 0,
      withheld: 0,
    });
    expect([await read('a'), await read('b'), await read('c')]).toEqual([['2', '1'], ['2', '1'], ['2']]);
  });

  test('is compared again with a replacement that was lost in the same batch', async () => {
    await other(version('b', 1));
    otherBeforeWrite(version('a', 1), version('b', 3));
    expect(await create()(version('a', 2), version('b', 2))).toEqual({
      written: 1,
      unchanged: 0,
      stale: 1,
      withheld: 0,
    });
    expect([await read('a'), await read('b')]).toEqual([
      ['2', '1'],
      ['3', '1'],
    ]);
  });
});

describe('a resource that other processes keep changing', () => {
  const change = () =>
    database.collection<ResourceDocument>('Goal').updateOne({ connectionId }, { $inc: { revision: 1 } });
  const changeBeforeWrites = (count: number) => {
    for (let number = 0; number < count; number++) before.push({ command: 'bulkWrite', happens: change });
  };

  test('is written after 19 lost races', async () => {
    await other(version('a', 1));
    changeBeforeWrites(19);
    expect(await create()(version('a', 2))).toMatchObject({ written: 1 });
    expect(sent('bulkWrite')).toBe(20);
  });

  test('is given up after 20 lost races, to be tried later', async () => {
    await other(version('a', 1));
    changeBeforeWrites(20);
    await expect(create()(version('a', 2))).rejects.toMatchObject({
      code: 'write-contention',
      retry: 'later',
      context: { resourceType: 'Goal' },
    });
    expect(sent('bulkWrite')).toBe(20);
    expect(await read('a')).toEqual(['1']);
  });
});

describe('an error of the server', () => {
  const failure = (...codes: number[]) =>
    Object.assign(new Error('refused'), { writeErrors: codes.map((code, index) => ({ code, index })) });

  test.each([
    { what: 'without write errors', error: new Error('connection lost') },
    { what: 'of one document', error: failure(121) },
    { what: 'of one document beside a lost race', error: failure(11000, 121) },
  ])('$what is thrown, and not taken for a lost race', async ({ error }) => {
    before.push({
      command: 'bulkWrite',
      happens: () => Promise.reject(error),
    });
    await expect(create()(version('a', 1), version('b', 1))).rejects.toBe(error);
    expect(sent('bulkWrite')).toBe(1);
  });

  test('of a single document, which does not come as a list, is a lost race if its id is taken', async () => {
    const taken = Object.assign(new Error('taken'), { writeErrors: { code: 11000, index: 0 } });
    before.push({ command: 'bulkWrite', happens: () => Promise.reject(taken) });
    expect(await create()(version('a', 1))).toMatchObject({ written: 1 });
    expect(sent('bulkWrite')).toBe(2);
  });
});

describe('a batch', () => {
  test('that changes nothing costs one read and no write', async () => {
    await other(version('a', 2), version('b', 2));
    expect(await create()(version('a', 2), version('b', 1))).toEqual({
      written: 0,
      unchanged: 1,
      stale: 1,
      withheld: 0,
    });
    expect(commands).toEqual(['createIndexes', 'find']);
  });

  test('of new resources reads no history', async () => {
    expect(await create()(version('a', 2), version('b', 1))).toMatchObject({ written: 2 });
    expect(commands).toEqual(['createIndexes', 'find', 'bulkWrite']);
  });

  test('without documents sends nothing', async () => {
    expect(await create()()).toEqual({ written: 0, unchanged: 0, stale: 0, withheld: 0 });
    expect(commands).toEqual([]);
  });
});

describe('the indexes of a type', () => {
  test('are created by its first batch, once for all that come at the same time', async () => {
    await database.dropCollection('Goal').catch(() => undefined);
    const write = create();
    await Promise.all([write(version('a', 1)), write(version('b', 1))]);
    await write(version('c', 1));
    expect(sent('createIndexes')).toBe(1);
    expect((await database.collection('Goal').indexes()).length).toBeGreaterThan(1);
  });

  test('are created by the next batch if that failed', async () => {
    before.push({ command: 'createIndexes', happens: () => Promise.reject(new Error('connection lost')) });
    const write = create();
    await expect(write(version('a', 1))).rejects.toThrow('connection lost');
    expect(sent('bulkWrite')).toBe(0);
    expect(await write(version('a', 1))).toMatchObject({ written: 1 });
    expect(sent('createIndexes')).toBe(2);
  });
});
