import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { resourceFeature } from '../resource.feature.ts';
import { makeDocument } from '../testing/index.ts';

const commands: string[] = [];
const { store, close } = await openTestStore(
  (context) => resourceFeature.open({ ...context, rawWrites: () => undefined }),
  {
    onCommand: ({ name, collection }) => {
      commands.push(`${name} ${collection}`);
      return undefined;
    },
  },
);
afterAll(close);

const types = ['Patient', 'Observation', 'Condition', 'Encounter', 'Goal', 'CarePlan'];
const write = (resourceType: string, connectionId: string, id = 'x') =>
  store.resourceWriter.write(resourceType, [makeDocument({ resourceType, id }, { connectionId })]);

test('one command finds the types of a connection, however many types all connections have', async () => {
  for (const type of types) await write(type, 'conn_a');
  for (const type of ['Observation', 'Goal']) await write(type, 'conn_b');
  commands.length = 0;
  expect(await store.resources.listStoredTypes('conn_b')).toEqual(['Goal', 'Observation']);
  expect(await store.resources.listStoredTypes('conn_a')).toEqual(types.toSorted());
  expect(await store.resources.listStoredTypes('conn_c')).toEqual([]);
  expect(commands).toEqual(['find stored_types', 'find stored_types', 'find stored_types']);
});

test('a type that a connection has is noted once by a process', async () => {
  await write('Device', 'conn_a');
  commands.length = 0;
  await write('Device', 'conn_a', 'y');
  expect(commands.filter((command) => command.endsWith('stored_types'))).toEqual([]);
});
