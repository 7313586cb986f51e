import { spawnSync } from 'node:child_process';
import { Database } from '@bulkhead/store';
import { withMethods } from '@bulkhead/store/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { ErasureGate, type ErasureGateTiming } from './erasure-gate.ts';
import { readIdentity } from './process-identity.ts';
import { WritingProcessRepository } from './writing-process.repository.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const gates: ErasureGate[] = [];
// The timer of a gate would run what the next test has prepared.
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.close();
});
afterAll(() => database.close());

const self = readIdentity('worker');
const keys = { encryptionKeyId: 'key_1', verifyKeys: async () => undefined };
const processes = new WritingProcessRepository({ database: new Database(database), self, ...keys });
const records = database.collection('writing_processes');
let erased: { readonly connectionId: string; readonly phase: 'queued' | 'completed' }[];
beforeEach(async () => {
  erased = [];
  await records.deleteMany({});
});

let failures = 0;
/** How often MongoDB registers or removes a process without an answer. */
const lost = { register: 0, remove: 0 };
const lose = (command: keyof typeof lost) => {
  if (lost[command]-- > 0) throw new Error('connection lost');
};
/** Delays reports. */
let reporting: Promise<void> | undefined;
let reports = 0;
/** Delays registrations. */
let registering: Promise<void> | undefined;
/** Happens once, after the rules were read. */
let afterRules: (() => Promise<unknown>) | undefined;
function createGate(change: Partial<ErasureGateTiming> = {}): ErasureGate {
  const gate = new ErasureGate({
    timing: { refreshMs: 20, idleMs: 60_000, afterLossMs: 60_000, replyMs: 10_000, ...change },
    processes: withMethods(processes, {
      async report(options) {
        reports += 1;
        await reporting;
        return processes.report(options);
      },
      async register(id) {
        await registering;
        await processes.register(id);
        lose('register');
      },
      async remove(id) {
        lose('remove');
        return processes.remove(id);
      },
    }),
    erasures: {
      async listErasedConnections() {
        if (failures-- > 0) throw new Error('MongoDB is unavailable');
        const rules = erased;
        const happens = afterRules;
        afterRules = undefined;
        await happens?.();
        return rules;
      },
    },
    readKeptOut: async () => new Map(),
  });
  gates.push(gate);
  return gate;
}

/** Stores the rule of an erasure and raises the epoch, as a worker does. */
async function erase(connectionId: string): Promise<number> {
  erased = [...erased, { connectionId, phase: 'queued' }];
  return processes.raiseEpoch();
}

const waitsFor = async (epoch: number) => (await processes.listBefore(epoch)).length;

test('the erasure gate refuses writes if it cannot read the lists, and reads them again for the next write', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000 });
  failures = 1;
  const write = () => gate.admit('conn_1', async () => 'written');
  await expect(write()).rejects.toThrow('MongoDB is unavailable');
  expect(await write()).toBe('written');
});

test('tokens are refused only once the EHR was notified of the erasure', async () => {
  const gate = createGate();
  erased = [
    { connectionId: 'conn_queued', phase: 'queued' },
    { connectionId: 'conn_done', phase: 'completed' },
  ];
  const token = (connectionId: string) => gate.admitToken(connectionId, async () => 'token');
  expect(await token('conn_queued')).toBe('token');
  await expect(token('conn_done')).rejects.toMatchObject({ code: 'connection-erased' });
});

test('an erasure waits for a write that was admitted before it, and for no write that was refused', async () => {
  const gate = createGate();
  const underWay = Promise.withResolvers<void>();
  const write = gate.admit('conn_1', () => underWay.promise);
  await waitFor(() => records.countDocuments({ epoch: { $gte: 0 } }));
  const epoch = await erase('conn_1');
  await waitFor(async () => gate.admit('conn_1', async () => false).catch(({ code }) => code === 'connection-erased'));
  expect(await waitsFor(epoch)).toBe(1);
  underWay.resolve();
  await write;
  await waitFor(async () => (await waitsFor(epoch)) === 0);
});

/** Begins a write that ends when `underWay` is resolved. */
function holdWrite(gate: ErasureGate) {
  const [begun, underWay] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const write = gate.admit('conn_1', () => {
    begun.resolve();
    return underWay.promise;
  });
  return { begun: begun.promise, underWay, write };
}

test('a process stays registered while a write is under way, however long that takes', async () => {
  const gate = createGate({ refreshMs: 5, idleMs: 0, afterLossMs: 60_000 });
  const { begun, underWay, write } = holdWrite(gate);
  await begun;
  // A process that leaves reports nothing.
  reports = 0;
  await waitFor(async () => reports >= 3 || (await records.countDocuments()) === 0);
  expect(await records.countDocuments()).toBe(1);
  const epoch = await erase('conn_1');
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(1);
  underWay.resolve();
  await write;
  await waitFor(async () => (await waitsFor(epoch)) === 0);
});

test('an erasure waits for a write under rules that were read while it stored its own', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000 });
  let epoch = Number.NaN;
  afterRules = async () => {
    epoch = await erase('conn_1');
  };
  const { begun, underWay, write } = holdWrite(gate);
  await begun;
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(1);
  underWay.resolve();
  await write;
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(0);
});

/** Holds the next reads of the rules after they have begun. */
function holdRules() {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  afterRules = () => {
    begun.resolve();
    return held.promise;
  };
  return { begun, held };
}

test('a refresh reads the rules again if an earlier read of them is still under way', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000 });
  await gate.admit('conn_1', async () => undefined);
  const { begun, held } = holdRules();
  const early = gate.refresh();
  await begun.promise;
  const epoch = await erase('conn_1');
  const late = gate.refresh();
  held.resolve();
  await Promise.all([early, late]);
  expect(await waitsFor(epoch)).toBe(0);
});

test('rules that were read before the process left admit nothing afterwards', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000 });
  await gate.admit('conn_1', async () => undefined);
  const { begun, held } = holdRules();
  const refresh = gate.refresh();
  await begun.promise;
  await gate.close();
  held.resolve();
  await refresh;
  await erase('conn_1');
  await expect(gate.admit('conn_1', async () => undefined)).rejects.toMatchObject({ code: 'connection-erased' });
});

test('a process that closes during a write stays registered, so that an erasure waits for the write', async () => {
  const gate = createGate();
  const { begun, underWay, write } = holdWrite(gate);
  await begun;
  await gate.close();
  const epoch = await erase('conn_1');
  expect(await waitsFor(epoch)).toBe(1);
  underWay.resolve();
  await write;
});

test('rules whose reply is lost are read again, and no later write waits for them', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000, replyMs: 50 });
  afterRules = () => new Promise(() => undefined);
  await expect(gate.admit('conn_1', async () => 'written')).rejects.toMatchObject({ name: 'MongoNetworkTimeoutError' });
  expect(await gate.admit('conn_1', async () => 'written')).toBe('written');
});

test('rules that arrive after they were given up change nothing', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000, replyMs: 50 });
  const held = Promise.withResolvers<void>();
  afterRules = () => held.promise;
  await expect(gate.admit('conn_1', async () => undefined)).rejects.toMatchObject({ name: 'MongoNetworkTimeoutError' });
  await erase('conn_1');
  const write = () => gate.admit('conn_1', async () => undefined);
  await expect(write()).rejects.toMatchObject({ code: 'connection-erased' });
  held.resolve();
  await expect(write()).rejects.toMatchObject({ code: 'connection-erased' });
});

test('a registration whose reply is lost is given up, and the next write registers again', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000, replyMs: 50 });
  registering = new Promise(() => undefined);
  await expect(gate.admit('conn_1', async () => undefined)).rejects.toMatchObject({ name: 'MongoNetworkTimeoutError' });
  registering = undefined;
  expect(await gate.admit('conn_1', async () => 'written')).toBe('written');
});

test('an erasure waits for a write whose connection to MongoDB was lost, until MongoDB must have done it', async () => {
  const gate = createGate({ refreshMs: 20, idleMs: 60_000, afterLossMs: 400 });
  const lost = Object.assign(new Error('connection 1 closed'), { name: 'MongoNetworkError' });
  await expect(gate.admit('conn_1', () => Promise.reject(lost))).rejects.toBe(lost);
  const epoch = await erase('conn_1');
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(1);
  await waitFor(async () => (await waitsFor(epoch)) === 0);
});

test('an error that MongoDB has answered with ends a write at once', async () => {
  const gate = createGate();
  const refused = Object.assign(new Error('duplicate key'), { code: 11000 });
  await expect(gate.admit('conn_1', () => Promise.reject(refused))).rejects.toBe(refused);
  const epoch = await erase('conn_1');
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(0);
});

test('an erasure does not wait for a process that has written nothing for a while, which then reads the rules again', async () => {
  const gate = createGate({ refreshMs: 20, idleMs: 50, afterLossMs: 60_000 });
  await gate.admit('conn_1', async () => undefined);
  await waitFor(async () => (await records.countDocuments()) === 0);
  await erase('conn_1');
  await expect(gate.admit('conn_1', async () => undefined)).rejects.toMatchObject({ code: 'connection-erased' });
});

test('an erasure does not wait for a registration whose response was lost', async () => {
  const gate = createGate();
  Object.assign(lost, { register: 1, remove: 2 });
  await expect(gate.admit('conn_1', async () => undefined)).rejects.toThrow('connection lost');
  await gate.admit('conn_1', async () => undefined);
  const epoch = await erase('conn_2');
  await waitFor(async () => (await waitsFor(epoch)) === 0);
  expect(await records.countDocuments()).toBe(1);
});

test('a report that comes back late does not lose the registration that has followed', async () => {
  const gate = createGate({ refreshMs: 60_000, idleMs: 60_000, afterLossMs: 60_000 });
  const write = () => gate.admit('conn_1', async () => undefined);
  await write();
  const held = Promise.withResolvers<void>();
  reporting = held.promise;
  const late = gate.refresh();
  await gate.close();
  await write();
  held.resolve();
  await late;
  reporting = undefined;
  const epoch = await erase('conn_2');
  await gate.refresh();
  expect(await waitsFor(epoch)).toBe(0);
});

test('a gate closes although MongoDB does not answer', async () => {
  const gate = createGate();
  await gate.admit('conn_1', async () => undefined);
  Object.assign(lost, { remove: 1 });
  await expect(gate.close()).resolves.toBeUndefined();
});

test('a process whose record an operator has removed registers again before its next write', async () => {
  const gate = createGate();
  await gate.admit('conn_1', async () => undefined);
  await records.deleteMany({});
  await waitFor(async () => {
    await gate.admit('conn_1', async () => undefined);
    return records.countDocuments();
  });
});

test('the record of a process that was killed on this machine is removed, and that of a running one stays', async () => {
  const { pid } = spawnSync(process.execPath, ['--eval', '']);
  const fields = { ...self, ...keys, verifyKeys: undefined, epoch: 0, reportedAt: new Date() };
  await records.insertMany([
    { ...fields, _id: 'killed' as never, pid },
    { ...fields, _id: 'pid-given-again' as never, startedTicks: 1 },
    { ...fields, _id: 'running' as never },
    { ...fields, _id: 'elsewhere' as never, host: 'other-host', pid },
  ]);
  const waiting = await processes.listBefore(await processes.raiseEpoch());
  expect(waiting.map(({ id }) => id)).toEqual(['elsewhere', 'running']);
});

test('a process that starts in a container removes the record of the one before, but not of another kind', async () => {
  const before = { ...self, pidNamespace: 'pid:[1]', encryptionKeyId: 'key_1', epoch: 0, reportedAt: new Date() };
  await records.insertMany([
    { ...before, _id: 'before' as never },
    { ...before, _id: 'api' as never, kind: 'api' },
    { ...before, _id: 'other-machine' as never, boot: 'another' },
  ]);
  await processes.removeReplaced();
  expect((await records.find().sort({ _id: 1 }).toArray()).map(({ _id }) => String(_id))).toEqual([
    ...['api', 'other-machine'],
  ]);
});
