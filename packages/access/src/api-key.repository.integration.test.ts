import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { accessFeature } from './access.feature.ts';

const now = new Date('2026-05-01T10:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const { store, close } = await openTestStore(accessFeature.open);
afterAll(close);

test('the API key repository updates the time of last use of an API key at most once a minute', async () => {
  const { apiKey } = await store.apiKeys.issue({ name: 'a', role: 'client', now });
  const uses = [];
  for (const seconds of [0, 59, 60, 61]) {
    await store.apiKeys.noteUse(apiKey, later(seconds));
    uses.push((await store.apiKeys.find(apiKey.id))?.lastUsedAt);
  }
  expect(uses).toEqual([later(0), later(0), later(60), later(60)]);
});

test('the API key repository stores no connectionIds for an API key that is not limited to connections, not even an empty list', async () => {
  const key = await store.apiKeys.create({ name: 'all', role: 'client', connectionIds: undefined, now });
  expect(await store.apiKeys.findByKey(key)).not.toHaveProperty('connectionIds');
});

describe('the API key repository', () => {
  test('the API key repository finds an API key by exactly its own text', async () => {
    const key = await store.apiKeys.create({ name: 'first', role: 'operator', now });
    expect(await store.apiKeys.findByKey(key)).toMatchObject({
      name: 'first',
      role: 'operator',
      prefix: key.slice(0, 13),
    });
    expect(await store.apiKeys.findByKey(`${key}x`)).toBeUndefined();
  });
});
