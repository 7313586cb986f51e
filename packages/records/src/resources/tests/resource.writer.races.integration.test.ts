import { Database, openRawWrites, type RawWrites } from '@bulkhead/store';
import { openGate, testContext } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { KeptOutRepository } from '../erase/kept-out.repository.ts';
import type { ResourceDocument } from '../version/resource-document.ts';
import { type ResourceWriter, VersionWriter } from '../write/resource.writer.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const rawWrites = await openRawWrites(database);
afterAll(() => database.close());
const keptOutStore = new KeptOutRepository(testContext(database));

/** The commands that the writer has sent. */
let commands: string[];
/** Actions that run once, each before the next command with its name: another process writes, or the server fails. */
let before: { readonly command: string; readonly happens: () => Promise<unknown> }[];
let connectionId: string;
let tests = 0;
beforeEach(() => {
  [commands, before] = [[], []];
  connectionId = `c${++tests}`;
});

/** Does what has to happen before a command, then runs it. */
function disrupt<Result>(command: string, call: () => Promise<Result>): Promise<Result> {
  commands.push(command);
  const action = before.find((one) => one.command === command);
  if (!action) return call();
  before.splice(before.indexOf(action), 1);
  return action.happens().then(call);
}

/** The database, with the actions in `before` injected. */
function createDisrupted(): mongoose.Connection {
  const disruptAll = (collection: ReturnType<mongoose.Connection['collection']>) =>
    new Proxy(collection, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const command = name === 'bulkWrite' ? 'write' : String(name);
        return (...args: unknown[]) => {
          // A cursor is not a promise.
          if (!before.some((action) => action.command === command)) {
            commands.push(command);
            return member.apply(target, args);
          }
          return disrupt(command, () => member.apply(target, args));
        };
      },
    });
  return new Proxy(database, {
    get: (target, name) =>
      name === 'collection' ? (type: string) => disruptAll(target.collection(type)) : Reflect.get(target, name),
  });
}

/** The raw writes, with the actions in `before` injected. */
function createDisruptedWrites({ insert, replace }: RawWrites): RawWrites {
  return {
    insert: async (name, documents) => (documents.length === 0 ? [] : disrupt('write', () => insert(name, documents))),
    replace: async (name, replacements) =>
      replacements.length === 0 ? 0 : disrupt('write', () => replace(name, replacements)),
  };
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

/** As another export has sent it. */
const ofOther = { source: { exportId: 'job_0', fileId: 'job_0.1', line: 1 } };

/** Whether the writer sends bytes. Otherwise it uses the driver's `bulkWrite`. */
let sendsBytes = false;
const createWriter = () => {
  const raw = sendsBytes && rawWrites ? createDisruptedWrites(rawWrites) : undefined;
  return new VersionWriter({
    database: new Database(createDisrupted()),
    gate: openGate,
    keptOutStore,
    rawWrites: () => raw,
  });
};
const toWrite =
  (writer: ResourceWriter) =>
  (...documents: ResourceDocument[]) =>
    writer.write('Goal', documents);
const create = () => toWrite(createWriter());
/** Writes the batches of one file. */
const createOfFile = () => toWrite(createWriter().ofFile());
/** Writes like another process. */
const writeFromOtherWorker = (...documents: ResourceDocument[]) =>
  new VersionWriter({ database: new Database(database), gate: openGate, keptOutStore }).write('Goal', documents);
const otherBeforeWrite = (...documents: ResourceDocument[]) =>
  before.push({ command: 'write', happens: () => writeFromOtherWorker(...documents) });
const read = async (resourceId: string) => {
  const stored = await database.collection<ResourceDocument>('Goal').findOne({ _id: `${connectionId}/${resourceId}` });
  const { versionId, earlier = [] } = stored as unknown as { versionId: string; earlier?: { versionId: string }[] };
  return [versionId, ...earlier.map((previous) => previous.versionId)];
};
/** The outcome of a write. Counts that are not named are zero. */
const counts = (change: object) => ({ written: 0, unchanged: 0, stale: 0, withheld: 0, ...change });
const countSent = (name: string) => commands.filter((command) => command === name).length;

describe.each([
  { by: 'by bulkWrite', bytes: false },
  { by: 'as bytes', bytes: true },
])('writes $by', ({ bytes }) => {
  beforeEach(() => {
    sendsBytes = bytes;
  });

  describe('another process replaces the version between comparison and write', () => {
    test('the resource writer does not write a version if another process has stored a newer one since the comparison', async () => {
      await writeFromOtherWorker(version('a', 1));
      otherBeforeWrite(version('a', 3));
      expect(await create()(version('a', 2))).toEqual(counts({ stale: 1 }));
      expect(await read('a')).toEqual(['3', '1']);
    });

    test('the resource writer replaces an older version that another process has stored since the comparison, and records its source', async () => {
      await writeFromOtherWorker(version('a', 1));
      otherBeforeWrite(version('a', 2));
      expect(await create()(version('a', 3))).toEqual(counts({ written: 1 }));
      expect(await read('a')).toEqual(['3', '2', '1']);
      // Each write increments the revision.
      expect(await database.collection('Goal').findOne({ connectionId })).toMatchObject({ revision: 3 });
    });

    test('the resource writer writes and counts the rest of a batch correctly if one version has lost a race', async () => {
      await writeFromOtherWorker(version('a', 1), version('b', 1));
      otherBeforeWrite(version('a', 3));
      expect(await create()(version('a', 2), version('b', 2), version('c', 2))).toEqual(
        counts({ written: 2, stale: 1 }),
      );
      expect([await read('a'), await read('b'), await read('c')]).toEqual([['3', '1'], ['2', '1'], ['2']]);
    });
  });

  describe('another process writes the same version between comparison and write', () => {
    test.each([
      { name: 'unchanged', of: 'another export', change: ofOther, expected: { written: 1, unchanged: 1 } },
      {
        name: 'new',
        of: 'another attempt at its line',
        change: { storedAt: new Date('2024-06-01T00:00:00.001Z') },
        expected: { written: 2 },
      },
    ])(
      'the resource writer counts a version as $name if $of has stored it since the comparison',
      async ({ change, expected }) => {
        await writeFromOtherWorker(version('a', 1), version('b', 1));
        otherBeforeWrite({ ...version('a', 2), ...change });
        expect(await create()(version('a', 2), version('b', 2))).toEqual(counts(expected));
        expect([await read('a'), await read('b')]).toEqual([
          ['2', '1'],
          ['2', '1'],
        ]);
      },
    );
  });

  test('the resource writer keeps a newer version with the same source that another process has stored since the comparison', async () => {
    await writeFromOtherWorker(version('a', 1));
    const { source } = version('a', 2);
    otherBeforeWrite({ ...version('a', 3), source });
    expect(await create()(version('a', 2))).toEqual(counts({ stale: 1 }));
    expect(await read('a')).toEqual(['3', '1']);
  });

  describe('the server gives versions no time, so that they are as old as their last observation', () => {
    const observed = (number: number, day: number): ResourceDocument => {
      const observedAt = new Date(Date.UTC(2024, 5, day));
      return { ...version('a', number), observedAt, lastUpdated: observedAt };
    };

    test('the resource writer keeps a version that was observed again in the same batch as an older one', async () => {
      expect(await create()(observed(10, 4), observed(10, 5), observed(2, 5))).toMatchObject({ written: 1 });
      expect(await read('a')).toEqual(['10']);
    });

    test('the resource writer restores a version that it observed again while another process has stored an older one', async () => {
      await writeFromOtherWorker(observed(10, 4));
      otherBeforeWrite(observed(2, 5));
      expect(await create()(observed(10, 5))).toEqual(counts({ written: 1 }));
      expect(await read('a')).toEqual(['10', '2', '10']);
    });

    test('the resource writer does not replace a version that another process has observed again since the comparison', async () => {
      await writeFromOtherWorker(observed(10, 4));
      otherBeforeWrite(observed(10, 5));
      expect(await create()(observed(2, 5))).toEqual(counts({ stale: 1 }));
      expect(await read('a')).toEqual(['10']);
    });

    test('the resource writer counts a version as unchanged if another process has observed it later', async () => {
      await writeFromOtherWorker({ ...observed(10, 4), ...ofOther });
      otherBeforeWrite(observed(10, 6));
      expect(await create()(observed(10, 5))).toEqual(counts({ unchanged: 1 }));
      expect(await database.collection('Goal').findOne({ connectionId })).toMatchObject({
        ...observed(10, 6),
        ...ofOther,
      });
    });
  });

  describe('another process inserts the resource between comparison and write', () => {
    test('the resource writer does not write a resource if another process has inserted a newer version since the comparison', async () => {
      otherBeforeWrite(version('a', 3));
      expect(await create()(version('a', 2))).toEqual(counts({ stale: 1 }));
      expect(await read('a')).toEqual(['3']);
    });

    test('the resource writer replaces an older version that another process has inserted since the comparison, and writes the rest of the batch once', async () => {
      await writeFromOtherWorker(version('b', 1));
      otherBeforeWrite(version('a', 1));
      expect(await create()(version('c', 2), version('a', 2), version('b', 2))).toEqual(counts({ written: 3 }));
      expect([await read('a'), await read('b'), await read('c')]).toEqual([['2', '1'], ['2', '1'], ['2']]);
    });

    test('the resource writer compares lost inserts and lost replacements of the same batch again', async () => {
      await writeFromOtherWorker(version('b', 1));
      otherBeforeWrite(version('a', 1), version('b', 3));
      expect(await create()(version('a', 2), version('b', 2))).toEqual(counts({ written: 1, stale: 1 }));
      expect([await read('a'), await read('b')]).toEqual([
        ['2', '1'],
        ['3', '1'],
      ]);
    });
  });

  describe('other processes keep changing the resource', () => {
    const change = () =>
      database.collection<ResourceDocument>('Goal').updateOne({ connectionId }, { $inc: { revision: 1 } });
    const changeBeforeWrites = (count: number) => {
      for (let number = 0; number < count; number++) before.push({ command: 'write', happens: change });
    };

    test('the resource writer writes a resource after 19 lost races', async () => {
      await writeFromOtherWorker(version('a', 1));
      changeBeforeWrites(19);
      expect(await create()(version('a', 2))).toMatchObject({ written: 1 });
      expect(countSent('write')).toBe(20);
    });

    test('the resource writer throws write-contention after 20 lost races, so that the batch is retried later', async () => {
      await writeFromOtherWorker(version('a', 1));
      changeBeforeWrites(20);
      await expect(create()(version('a', 2))).rejects.toMatchObject({
        code: 'write-contention',
        retry: 'later',
        context: { resourceType: 'Goal' },
      });
      expect(countSent('write')).toBe(20);
      expect(await read('a')).toEqual(['1']);
    });
  });

  describe('commands', () => {
    test('the resource writer sends one read and no write for a batch that changes nothing', async () => {
      await writeFromOtherWorker({ ...version('a', 2), ...ofOther }, version('b', 2));
      expect(await create()(version('a', 2), version('b', 1))).toEqual(counts({ unchanged: 1, stale: 1 }));
      expect(commands).toEqual(['createIndexes', 'find']);
    });

    test('the resource writer reads no history for a batch of new resources', async () => {
      expect(await create()(version('a', 2), version('b', 1))).toMatchObject({ written: 2 });
      expect(commands).toEqual(['createIndexes', 'find', 'updateOne', 'write']);
    });

    test('the resource writer sends no commands for an empty batch', async () => {
      expect(await create()()).toEqual(counts({}));
      expect(commands).toEqual([]);
    });
  });

  describe('the batches of one file', () => {
    test('a file with only new resources is read before its first batch and only inserted after it', async () => {
      const write = createOfFile();
      for (const id of ['a', 'b', 'c']) expect(await write(version(id, 1))).toMatchObject({ written: 1 });
      // The first batch notes that the connection has the type.
      expect(commands).toEqual(['createIndexes', 'find', 'updateOne', 'write', 'write', 'write']);
    });

    test.each([
      { name: 'unchanged', number: 1 },
      { name: 'replaced', number: 2 },
      { name: 'stale', number: 0 },
    ])('a file with a first resource that is $name is read before each batch', async ({ number }) => {
      await writeFromOtherWorker(version('a', 1));
      const write = createOfFile();
      await write(version('a', number));
      for (const id of ['b', 'c']) expect(await write(version(id, 1))).toMatchObject({ written: 1 });
      expect(commands.filter((command) => command === 'write').length).toBe(number === 2 ? 3 : 2);
      const readsAndWrites = commands.filter((command) => command !== 'updateOne');
      expect(readsAndWrites.slice(-4)).toEqual(['find', 'write', 'find', 'write']);
    });

    test('a batch with stored versions after new ones is compared with them, and so are all later batches', async () => {
      await writeFromOtherWorker({ ...version('same', 2), ...ofOther }, version('older', 1), version('newer', 3));
      const write = createOfFile();
      await write(version('new', 2));
      expect(await write(version('same', 2), version('older', 2), version('newer', 2), version('second', 2))).toEqual(
        counts({ written: 2, unchanged: 1, stale: 1 }),
      );
      expect([await read('same'), await read('older'), await read('newer'), await read('second')]).toEqual([
        ['2'],
        ['2', '1'],
        ['3'],
        ['2'],
      ]);
      await write(version('third', 2));
      expect(commands.slice(-2)).toEqual(['find', 'write']);
    });

    test('batches of a file that are written at once wait for the read of the first one', async () => {
      const write = createOfFile();
      await Promise.all(['a', 'b', 'c'].map((id) => write(version(id, 1))));
      expect([countSent('find'), countSent('write')]).toEqual([1, 3]);
    });

    test('the batches of a file are read if the read of the first one fails', async () => {
      const loseConnection = () => {
        throw new Error('connection lost');
      };
      before.push({ command: 'find', happens: loseConnection });
      const write = createOfFile();
      const first = write(version('a', 1));
      const second = write(version('b', 1));
      await expect(first).rejects.toThrow('connection lost');
      expect(await second).toMatchObject({ written: 1 });
      expect([countSent('find'), countSent('write')]).toEqual([2, 1]);
    });

    test('a file does not learn from the batches of another file', async () => {
      const writer = createWriter();
      await toWrite(writer.ofFile())(version('a', 1));
      await toWrite(writer.ofFile())(version('b', 1));
      await toWrite(writer)(version('c', 1));
      await toWrite(writer)(version('d', 1));
      expect(countSent('find')).toBe(4);
    });
  });

  describe('indexes', () => {
    test('the resource writer creates the indexes of a type with its first batch, once for concurrent batches', async () => {
      await database.dropCollection('Goal').catch(() => undefined);
      const write = create();
      await Promise.all([write(version('a', 1)), write(version('b', 1))]);
      await write(version('c', 1));
      expect(countSent('createIndexes')).toBe(1);
      expect((await database.collection('Goal').indexes()).length).toBeGreaterThan(1);
    });

    test('the resource writer creates the indexes of a type with the next batch if the first attempt failed', async () => {
      before.push({ command: 'createIndexes', happens: () => Promise.reject(new Error('connection lost')) });
      const write = create();
      await expect(write(version('a', 1))).rejects.toThrow('connection lost');
      expect(countSent('write')).toBe(0);
      expect(await write(version('a', 1))).toMatchObject({ written: 1 });
      expect(countSent('createIndexes')).toBe(2);
    });
  });
});

describe('the resource writer (errors of bulkWrite)', () => {
  beforeEach(() => {
    sendsBytes = false;
  });

  const failure = (...codes: number[]) =>
    Object.assign(new Error('refused'), { writeErrors: codes.map((code, index) => ({ code, index })) });

  test.each([
    { what: 'an error without write errors', error: new Error('connection lost') },
    { what: 'an error of one document', error: failure(121) },
    { what: 'an error of one document and a lost race', error: failure(11000, 121) },
  ])('the resource writer throws $what instead of treating it as a lost race', async ({ error }) => {
    before.push({ command: 'write', happens: () => Promise.reject(error) });
    await expect(create()(version('a', 1), version('b', 1))).rejects.toBe(error);
    expect(countSent('write')).toBe(1);
  });

  test('the resource writer treats a duplicate key error as a lost race also if the driver reports a single error instead of a list', async () => {
    const taken = Object.assign(new Error('taken'), { writeErrors: { code: 11000, index: 0 } });
    before.push({ command: 'write', happens: () => Promise.reject(taken) });
    expect(await create()(version('a', 1))).toMatchObject({ written: 1 });
    expect(countSent('write')).toBe(2);
  });
});
