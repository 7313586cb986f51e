import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { accessFeature } from '../access.feature.ts';

const { store, database, close } = await openTestStore(accessFeature.open);
afterAll(() => close());

test('an assertion is used once, also if it is used ten times at once, and by each client', async () => {
  const use = (clientId: string) => store.clientTokens.useAssertion({ clientId, jti: 'j1' });
  const uses = await Promise.all(Array.from({ length: 10 }, () => use('client_1')));
  expect(uses.filter(Boolean)).toHaveLength(1);
  expect(await use('client_1')).toBe(false);
  expect(await use('client_2')).toBe(true);
});

test('a used assertion is remembered for an hour by the clock of the database, and a second use changes nothing', async () => {
  const assertions = database.collection('used_assertions');
  const remembered = async () => {
    const left = { $dateDiff: { startDate: '$$NOW', endDate: '$expiresAt', unit: 'second' } };
    return assertions.aggregate([{ $project: { expiresAt: 1, left } }]).toArray();
  };
  await assertions.deleteMany({});
  await store.clientTokens.useAssertion({ clientId: 'client_1', jti: 'j2' });
  const [first] = await remembered();
  expect(Math.ceil(first?.left / 60)).toBe(60);
  await store.clientTokens.useAssertion({ clientId: 'client_1', jti: 'j2' });
  const [second] = await remembered();
  expect(second?.expiresAt).toEqual(first?.expiresAt);
});
