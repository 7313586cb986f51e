import { makeConnection } from '@bulkhead/connections/testing';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { connectionFeature } from './connection.feature.ts';

const { store, close } = await openTestStore(connectionFeature.open);
afterAll(close);

describe('the connection repository', () => {
  test('the connection repository returns a stored connection, with its secret only on request, until it is deleted', async () => {
    const auth = {
      method: 'client_credentials',
      clientId: 'c',
      clientSecret: 's3cret',
      scope: 'system/*.read',
    } as const;
    const connection = makeConnection({ id: 'conn_s', auth });
    await store.connections.insert(connection);
    expect(await store.connections.findWithSecrets('conn_s')).toEqual(connection);
    const { clientSecret: _, ...withoutSecret } = auth;
    expect(await store.connections.find('conn_s')).toEqual({ ...connection, auth: withoutSecret });
    expect(await store.connections.delete('conn_s')).toBe(true);
    expect(await store.connections.find('conn_s')).toBeUndefined();
  });
});
