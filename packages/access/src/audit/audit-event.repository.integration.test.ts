import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { type AuditFilter, anyPatient, auditFeature, type NewAuditEvent, toAuditQuery } from './index.ts';

/** Later than today, because the database deletes events that have expired. */
const year = new Date().getUTCFullYear() + 1;
const at = (minute: number) => new Date(Date.UTC(year, 4, 1, 10, minute));

const makeEvent = (n: number): NewAuditEvent => ({
  actor: { kind: 'api-key', id: `key_${n % 3}`, name: 'a', role: 'client' },
  action: n % 2 === 0 ? 'export.create' : 'resource.read',
  target: { connectionId: `conn_${n % 2}` },
  patients: n % 10 === 0 ? [anyPatient] : [`p${n % 4}`, `p${n % 7}`],
  outcome: n % 5 === 0 ? 'refused' : 'success',
});

const { store, database, close } = await openTestStore((context) => auditFeature.open({ ...context, auditDays: 10 }));
for (let n = 0; n < 60; n++) await store.auditEvents.append(makeEvent(n), at(n));
afterAll(close);

const all = Array.from({ length: 60 }, (_, n) => n).reverse();
const filters: { readonly filter: AuditFilter; readonly expected: (n: number) => boolean }[] = [
  { filter: {}, expected: () => true },
  { filter: { from: at(10), to: at(20) }, expected: (n) => n >= 10 && n < 20 },
  { filter: { actorId: 'key_1' }, expected: (n) => n % 3 === 1 },
  { filter: { action: 'export.create', from: at(30) }, expected: (n) => n % 2 === 0 && n >= 30 },
  { filter: { outcome: 'refused' }, expected: (n) => n % 5 === 0 },
  { filter: { patient: 'p3' }, expected: (n) => n % 4 === 3 || n % 7 === 3 || n % 10 === 0 },
  { filter: { connectionId: 'conn_1' }, expected: (n) => n % 2 === 1 },
  {
    filter: { patient: 'p5', connectionId: 'conn_1', from: at(5) },
    expected: (n) => n % 7 === 5 && n % 2 === 1 && n >= 5,
  },
  {
    filter: { actorId: 'key_2', action: 'resource.read', outcome: 'success', to: at(40) },
    expected: (n) => n % 3 === 2 && n % 2 === 1 && n % 5 !== 0 && n < 40,
  },
];

test.each(filters)(
  'the audit event repository lists audit events by $filter, newest first and page by page',
  async ({ filter, expected }) => {
    const sequences: number[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.auditEvents.list({ filter: { ...filter, after }, limit: 4 });
      sequences.push(...page.map(({ at: when }) => when.getUTCMinutes()));
      after = page.at(-1)?.id;
      if (page.length < 4) break;
    }
    expect(sequences).toEqual(all.filter(expected));
  },
);

test.each(filters)(
  'the audit event repository reads all audit events by $filter, newest first',
  async ({ filter, expected }) => {
    const minutes: number[] = [];
    for await (const event of store.auditEvents.read(filter)) minutes.push(event.at.getUTCMinutes());
    expect(minutes).toEqual(all.filter(expected));
  },
);

test.each(filters)(
  'the audit event repository counts audit events by $filter if one index has them',
  async ({ filter, expected }) => {
    const { from: _from, to: _to, ...criteria } = filter;
    const counted = Object.keys(criteria).length > 1 ? undefined : all.filter(expected).length;
    expect(await store.auditEvents.count({ filter, limit: 100 })).toBe(counted);
    if (counted !== undefined) expect(await store.auditEvents.count({ filter, limit: 3 })).toBe(3);
  },
);

test.each(filters)(
  'the audit event repository finds audit events by $filter with an index, and needs no sort',
  async ({ filter }) => {
    const { condition, index } = toAuditQuery({ ...filter, after: 'evt_zzz' });
    const explained = await database
      .collection('audit_events')
      .find(condition)
      .sort({ _id: -1 })
      .hint(index)
      .limit(100)
      .explain('queryPlanner');
    const plan = JSON.stringify(explained.queryPlanner.winningPlan);
    expect(plan).toContain('IXSCAN');
    expect(plan).not.toContain('COLLSCAN');
    expect(plan).not.toContain('"SORT"');
  },
);

test('the audit event repository cannot change or remove an audit event, and stores when each one expires', async () => {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(store.auditEvents)).sort();
  expect(methods).toEqual(['append', 'constructor', 'count', 'head', 'list', 'read', 'verify']);
  const document = await database.collection('audit_events').findOne({}, { sort: { _id: 1 } });
  expect(document?.expiresAt).toEqual(new Date(Date.UTC(year, 4, 11, 10, 0)));
  const indexes = await database.collection('audit_events').indexes();
  expect(indexes.find(({ key }) => 'expiresAt' in key)).toMatchObject({ expireAfterSeconds: 0 });
});
