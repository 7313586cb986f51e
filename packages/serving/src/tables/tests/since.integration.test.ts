import { toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openTables } from './open-tables.fixture.ts';

/** Changes can be read at once, because only this process writes. */
const { store, close, open, read } = await openTables({ delayMs: 0 });
afterAll(close);

/** A resource has a row for each name, so a change can add rows, remove some, or leave none. */
const view = {
  resource: 'Patient',
  where: [{ path: 'active = true' }],
  select: [
    { column: [{ name: 'key', path: 'getResourceKey()', type: 'id' }] },
    { forEach: 'name', column: [{ name: 'family', path: 'family', type: 'string' }] },
  ],
};

interface Row {
  readonly key: string;
  readonly is_deleted?: boolean;
}

const rowsOf = (bytes: Buffer): Row[] =>
  bytes
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);

/** What the documentation says: delete the rows of all keys, then insert the rows that are not deleted. */
function apply(table: readonly Row[], changed: readonly Row[]): Row[] {
  const keys = new Set(changed.map(({ key }) => key));
  const inserted = changed.flatMap(({ is_deleted, ...row }) => (is_deleted ? [] : [row]));
  return [...table.filter(({ key }) => !keys.has(key)), ...inserted];
}

const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).toSorted();

const id = fc.nat(5).map((number) => `p${number}`);
const change = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ id, active: fc.boolean(), names: fc.array(fc.constantFrom('A', 'B'), { maxLength: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ id, isDeleted: fc.constant(true) }) },
);
const scenario = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 4 });

let version = 0;
/** Each change is newer than the ones before. */
async function write(
  connectionId: string,
  changes: readonly Partial<{ id: string; active: boolean; names: string[]; isDeleted: boolean }>[],
) {
  for (const { id: resourceId = '', active, names = [], isDeleted } of changes) {
    version += 1;
    const at = new Date(Date.UTC(2024, 0, 1, 0, 0, version));
    const context = { ...documentContext, connectionId, observedAt: at };
    const meta = { versionId: String(version), lastUpdated: at.toISOString() };
    const name = names.map((family) => ({ family }));
    const document = isDeleted
      ? toTombstone({ resourceId, context })
      : makeDocument({ resourceType: 'Patient', id: resourceId, meta, active, name }, { connectionId, observedAt: at });
    await store.resourceWriter.write('Patient', [document]);
  }
}

test('a table with `_since` that is applied to an earlier one equals the table of today', async () => {
  const scenarios = fc.sample(scenario, 25).map((steps, index) => ({ steps, connectionId: `conn_${index}` }));
  const copies = new Map<string, { rows: Row[]; until: Date }>();
  const update = async (connectionId: string) => {
    const table = { view, connectionIds: [connectionId] };
    const { rows, until: since } = copies.get(connectionId) ?? { rows: [], until: undefined };
    const { until } = await open(since ? { ...table, since } : table);
    const found = rowsOf(await read(since ? { ...table, since } : table));
    copies.set(connectionId, { rows: since ? apply(rows, found) : found, until });
  };
  for (const { steps, connectionId } of scenarios) {
    for (const changes of steps) {
      await write(connectionId, changes);
      await update(connectionId);
    }
  }
  const lastWriteAt = new Date();
  await waitFor(async () => (await store.resourceChanges.settledUntil()) > lastWriteAt);
  for (const { steps, connectionId } of scenarios) {
    await update(connectionId);
    const today = rowsOf(await read({ view, connectionIds: [connectionId] }));
    expect({ steps, rows: sorted(copies.get(connectionId)?.rows ?? []) }).toEqual({ steps, rows: sorted(today) });
  }
});

test('the keys of deleted resources can be read by themselves, while no row can be computed', async () => {
  const since = new Date(0);
  await write('conn_deleted', [{ id: 'p1', active: true, names: ['A'] }, { id: 'p2' }, { id: 'p1', isDeleted: true }]);
  const costly = { ...view, select: [...view.select, ...Array.from({ length: 9 }, () => ({ forEach: 'name' }))] };
  const names = Array.from({ length: 10 }, () => 'A');
  await write('conn_deleted', [{ id: 'p3', active: true, names }]);
  const table = { view: costly, connectionIds: ['conn_deleted'], since };
  await expect(read(table)).rejects.toMatchObject({ code: 'view-too-costly' });
  expect(rowsOf(await read({ ...table, deletedOnly: true }))).toEqual([
    { connection_id: 'conn_deleted', is_deleted: true, key: 'p1', family: null, rejects: null },
  ]);
  const { since: _, ...whole } = table;
  await expect(read({ ...whole, deletedOnly: true })).rejects.toMatchObject({ code: 'invalid-request' });
});

test('`_since` needs a key in the view, and takes no filter, because a resource that no longer matches would be missed', async () => {
  const since = new Date();
  const table = { connectionIds: ['conn_1'], since };
  const withoutKey = {
    resource: 'Patient',
    select: [{ forEach: 'name', column: [{ name: 'id', path: 'id', type: 'id' }] }],
  };
  await expect(read({ ...table, view: withoutKey })).rejects.toMatchObject({ code: 'invalid-view' });
  await expect(read({ ...table, view, query: 'patient=p1' })).rejects.toMatchObject({ code: 'invalid-request' });
});

test.each(['connection_id', 'IS_DELETED'])('a view cannot have a column %s, which the table adds', async (name) => {
  const clashing = { resource: 'Patient', select: [{ column: [{ name, path: 'getResourceKey()', type: 'id' }] }] };
  await expect(read({ connectionIds: ['conn_1'], since: new Date(), view: clashing })).rejects.toThrow(
    `has the column \`${name}\``,
  );
});
