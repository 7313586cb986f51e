import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createIndexes, type StoreContext } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuditEventDocument, auditFeature, auditHash, type NewAuditEvent, toEvent } from '../index.ts';

let uri: string;
const dayMs = 24 * 60 * 60_000;
let store: Store;
let database: Store['database'];

const makeEvent = (n: number): NewAuditEvent => ({
  actor: { kind: 'api-key', id: 'key_1', name: `a${n}` },
  action: 'resource.read',
  target: { connectionId: 'conn_1' },
  patients: [`p${n}`],
  outcome: 'success',
});
const events = () => database.collection<AuditEventDocument>('audit_events');
const chain = () =>
  events()
    .find({ sequence: { $exists: true } })
    .sort({ sequence: 1 })
    .toArray();
const verify = (options: Partial<Parameters<Store['auditEvents']['verify']>[0]> = {}) =>
  store.auditEvents.verify({ limit: 10_000, ...options });
/** Writes a document with a matching hash, like an attacker who knows how the chain is built. */
const rewrite = async (document: AuditEventDocument) => {
  const hash = auditHash(toEvent(document));
  await events().replaceOne({ _id: document._id }, { ...document, hash }, { upsert: true });
  return hash;
};

/** Opens the database of the running test as another process would. */
const openStore = async (auditDays?: number) => {
  const create = (context: StoreContext) => auditFeature.open({ ...context, auditDays });
  const { store: repositories, ...opened } = await openTestStore(create, { uri });
  return { ...repositories, ...opened };
};
type Store = Awaited<ReturnType<typeof openStore>>;

beforeEach(async () => {
  uri = testServices().mongodbUri;
  store = await openStore();
  ({ database } = store);
});
afterEach(async () => {
  await database.dropDatabase();
  await store.close();
});

describe('the audit event repository (chain)', () => {
  test('the chain of audit events has no gaps and no forks if several processes write at the same time', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore()));
    await Promise.all(
      stores.flatMap((each) => Array.from({ length: 100 }, (_, n) => each.auditEvents.append(makeEvent(n)))),
    );
    await Promise.all(stores.map((each) => each.close()));
    expect((await chain()).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
    expect(await verify()).toMatchObject({ checked: 400, last: { sequence: 400 }, isComplete: true });
  });

  test('the chain of audit events is not started before the unique index that prevents forks exists', async () => {
    await database.dropDatabase();
    await expect(store.auditEvents.append(makeEvent(1))).rejects.toMatchObject({
      code: 'audit-unavailable',
      message: expect.stringContaining('Run migrate'),
    });
    expect(await events().countDocuments()).toBe(0);
    await createIndexes(database);
    await store.auditEvents.append(makeEvent(2));
    expect(await verify()).toMatchObject({ checked: 1, isComplete: true });
  });

  test('the chain of audit events continues after the newest event if another process has written in the meantime', async () => {
    await store.auditEvents.append(makeEvent(1));
    const next = await openStore();
    await next.auditEvents.append(makeEvent(2));
    await next.close();
    await store.auditEvents.append(makeEvent(3));
    expect((await chain()).map(({ actor }) => actor.name)).toEqual(['a1', 'a2', 'a3']);
    expect(await verify()).toMatchObject({ checked: 3, isComplete: true });
  });

  test('the chain of audit events contains every acknowledged event and stays complete if processes are killed while they write', async () => {
    const file = fileURLToPath(new URL('append-forever.fixture.ts', import.meta.url));
    const run = (name: string) => {
      const args = [file, uri, name];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const acknowledged: string[] = [];
      createInterface(child.stdout).on('line', (line) => acknowledged.push(line));
      return { child, acknowledged };
    };
    const writers = ['a', 'b', 'c'].map(run);
    await waitFor(() => writers.every(({ acknowledged }) => acknowledged.length > 50), { what: 'events of each' });
    for (const { child } of writers) {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    await store.auditEvents.append(makeEvent(1));
    const all = await chain();
    expect(await verify()).toMatchObject({ checked: all.length, isComplete: true });
    expect(await verify()).not.toHaveProperty('fault');
    const stored = new Set(all.map(({ actor }) => actor.id));
    const lost = writers.flatMap(({ acknowledged }) => acknowledged).filter((id) => !stored.has(id));
    expect(lost).toEqual([]);
  });

  test('the chain of audit events continues after the last stored event if an insert has failed', async () => {
    await store.auditEvents.append(makeEvent(1));
    // This document is larger than MongoDB accepts.
    const tooLarge = { ...makeEvent(2), patients: Array.from({ length: 400_000 }, () => 'x'.repeat(50)) };
    await expect(store.auditEvents.append(tooLarge)).rejects.toThrow();
    await store.auditEvents.append(makeEvent(3));
    expect((await chain()).map(({ sequence, actor }) => [sequence, actor.name])).toEqual([
      [1, 'a1'],
      [2, 'a3'],
    ]);
    expect(await verify()).toMatchObject({ checked: 2, isComplete: true });
  });

  test('the chain of audit events hashes the stored form of an event, even if a name contains half of a surrogate pair', async () => {
    await store.auditEvents.append({ ...makeEvent(1), actor: { kind: 'api-key', id: 'key_1', name: 'a\ud800b' } });
    expect((await chain())[0]?.actor.name).toBe('a\ufffdb');
    expect(await verify()).toMatchObject({ checked: 1, isComplete: true });
  });
});

describe('the verification of the audit chain', () => {
  let all: AuditEventDocument[];
  beforeEach(async () => {
    for (let n = 1; n <= 6; n++) await store.auditEvents.append(makeEvent(n));
    all = await chain();
  });
  const nth = (sequence: number) => all[sequence - 1] as AuditEventDocument;

  test.each([
    { what: 'a changed field', change: { $set: { 'actor.name': 'another name' } } },
    { what: 'a changed time', change: { $set: { at: new Date(0) } } },
    { what: 'a changed expiry', change: { $set: { expiresAt: new Date(0) } } },
    { what: 'changed patients', change: { $set: { patients: [] } } },
    { what: 'a known field that was added', change: { $set: { code: 'x' } } },
    { what: 'an unknown field that was added', change: { $set: { anything: 1 } } },
    { what: 'a changed type', change: { $set: { outcome: ['success'] } } },
    { what: 'a changed hash', change: { $set: { hash: 'f'.repeat(64) } } },
    { what: 'a removed field', change: { $unset: { patients: 1 } } },
  ])('the chain verification detects $what in an event', async ({ change }) => {
    await events().updateOne({ _id: nth(3)._id }, change as object);
    expect(await verify()).toMatchObject({
      checked: 2,
      last: { sequence: 2 },
      fault: { code: 'changed', sequence: 3 },
    });
  });

  test('the chain verification detects an event that was replaced by another one with a matching hash', async () => {
    await rewrite({ ...nth(3), outcome: 'refused' });
    expect(await verify()).toMatchObject({ checked: 3, fault: { code: 'replaced', sequence: 4 } });
  });

  test('the chain verification detects events that were deleted from the middle or the beginning of the chain', async () => {
    await events().deleteMany({ sequence: { $in: [3, 4] } });
    expect(await verify()).toMatchObject({ checked: 2, fault: { code: 'missing', sequence: 5 } });
    await events().deleteMany({ sequence: { $lt: 5 } });
    expect(await verify()).toMatchObject({ checked: 0, fault: { code: 'missing', sequence: 5 } });
  });

  test('the chain verification detects that all events were deleted if a process that knows the last event writes the next one', async () => {
    await events().deleteMany({});
    await store.auditEvents.append(makeEvent(7));
    expect(await verify()).toMatchObject({ checked: 0, fault: { code: 'missing', sequence: 7 } });
  });

  test('the chain verification detects two events that were swapped', async () => {
    await events().deleteMany({ sequence: { $in: [3, 4] } });
    await rewrite({ ...nth(4), sequence: 3, previousHash: nth(2).hash ?? '' });
    await rewrite({
      ...nth(3),
      sequence: 4,
      previousHash: auditHash(toEvent({ ...nth(4), sequence: 3, previousHash: nth(2).hash ?? '' })),
    });
    expect(await verify()).toMatchObject({ checked: 4, fault: { code: 'replaced', sequence: 5 } });
  });

  test('the chain verification detects an event that was inserted between two others', async () => {
    await rewrite({ ...nth(3), _id: `${nth(3)._id}0`, sequence: 3.5, previousHash: nth(3).hash ?? '' });
    expect(await verify()).toMatchObject({ checked: 3, fault: { code: 'missing', sequence: 3.5 } });
  });

  test('the chain verification detects an event that was added without a sequence number', async () => {
    const { sequence, hash, previousHash, ...added } = nth(6);
    await events().insertOne({ ...added, _id: `${nth(6)._id}0` });
    const fault = { code: 'not-in-chain', eventId: `${nth(6)._id}0` };
    expect(await verify()).toMatchObject({ checked: 6, fault });
  });

  test('the chain verification detects an event whose sequence is not a number, even if it verifies the chain page by page', async () => {
    await rewrite({ ...nth(6), _id: `${nth(6)._id}0`, sequence: 'x' as unknown as number });
    expect(await verify({ limit: 3 })).toHaveProperty('fault.code', 'not-in-chain');
  });

  test('the chain verification detects a removed or rewritten end of the chain by a head that was stored elsewhere', async () => {
    const { sequence = 0, hash = '' } = nth(6);
    const expected = { sequence, hash };
    expect(await verify({ expected })).not.toHaveProperty('fault');
    await events().deleteMany({ sequence: { $gt: 4 } });
    expect(await verify()).not.toHaveProperty('fault');
    expect(await verify({ expected })).toMatchObject({ fault: { code: 'head-missing', sequence: 6 } });
    for (const n of [5, 6]) await rewrite({ ...nth(n), outcome: 'refused' });
    expect(await verify({ expected })).toHaveProperty('fault');
    await events().deleteMany({ sequence: { $gt: 4 } });
    const otherEvent = await rewrite({ ...nth(5), outcome: 'refused' });
    await rewrite({ ...nth(6), previousHash: otherEvent });
    expect(await verify({ expected })).toMatchObject({ checked: 6, fault: { code: 'other-head', sequence: 6 } });
  });

  test('the chain verification continues after an event that was verified before, and compares the next event with it', async () => {
    const first = await verify({ limit: 4 });
    expect(first).toMatchObject({ checked: 4, last: { sequence: 4 }, isComplete: false });
    expect(await verify({ after: first.last, limit: 4 })).toMatchObject({ checked: 2, isComplete: true });
    const otherHead = { sequence: 4, hash: 'f'.repeat(64) };
    expect(await verify({ after: otherHead })).toMatchObject({ checked: 0, fault: { code: 'replaced', sequence: 5 } });
  });
});

describe('the verification of an audit chain with expired events', () => {
  let short: Store;
  beforeEach(async () => {
    short = await openStore(1);
  });
  afterEach(() => short.close());
  const ago = (days: number) => new Date(Date.now() - days * dayMs);

  test('the chain verification accepts that expired events are missing, no matter in which order the database removed them', async () => {
    for (const days of [9, 8, 7, 0.5, 0.2]) await short.auditEvents.append(makeEvent(days), ago(days));
    await events().deleteMany({ sequence: 2 });
    expect(await verify()).toMatchObject({ checked: 4, isComplete: true });
    await events().deleteMany({ sequence: { $lt: 4 } });
    expect(await verify()).toMatchObject({ checked: 2, oldest: { sequence: 4 }, isComplete: true });
    await events().deleteMany({ sequence: 4 });
    expect(await verify()).toMatchObject({ checked: 0, fault: { code: 'missing', sequence: 5 } });
  });

  test('the chain verification relies on no event expiring before the events that precede it, even if the retention was shortened', async () => {
    await store.auditEvents.append(makeEvent(1));
    await short.auditEvents.append(makeEvent(2));
    const [first, second] = await chain();
    expect(second?.expiresAt).toEqual(first?.expiresAt);
    expect(second?.previousExpiresAt).toEqual(first?.expiresAt);
  });
});
