import { makeConnection } from '@bulkhead/connections/testing';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { connectionFeature } from './connection.feature.ts';

const { store, database, close } = await openTestStore(connectionFeature.open);
afterAll(close);

const grant = { accessToken: 'planted-access', scope: '$scope', renewAfterMs: 60_000, refreshToken: 'planted-refresh' };
const ownerOf = (connectionId: string, credentialsVersion = 0) => ({ connectionId, credentialsVersion });

async function save(connectionId: string, change: object = {}): Promise<boolean> {
  const owner = ownerOf(connectionId);
  const lease = await store.accessTokens.takeLease({ ...owner, holder: 'h', durationMs: 10_000 });
  return store.accessTokens.save({ ...owner, generation: lease?.generation ?? -1, grant: { ...grant, ...change } });
}

describe('the access token repository', () => {
  test('the access token repository encrypts an access token for its connection and returns it unchanged', async () => {
    expect(await save('conn_a')).toBe(true);
    const state = await store.accessTokens.read(ownerOf('conn_a'));
    expect(state).toMatchObject({
      token: { accessToken: 'planted-access', scope: '$scope' },
      refreshToken: 'planted-refresh',
    });
    expect(state.token?.renewInMs).toBeGreaterThan(50_000);

    const tokens = database.collection('access_tokens');
    const raw = await tokens.findOne({ _id: 'conn_a' as never });
    expect(JSON.stringify(raw)).not.toContain('planted');
    await save('conn_b');
    await tokens.updateOne({ _id: 'conn_b' as never }, { $set: { encryptedAccessToken: raw?.encryptedAccessToken } });
    await expect(store.accessTokens.read(ownerOf('conn_b'))).rejects.toMatchObject({ code: 'secret-unreadable' });
  });

  test('the access token repository gives the lease of a token to one holder at a time, until the holder saves a token or reports a failure', async () => {
    const take = (holder: string) => store.accessTokens.takeLease({ ...ownerOf('conn_c'), holder, durationMs: 60_000 });
    const taken = await Promise.all(['a', 'b', 'c', 'd'].map(take));
    expect(taken.filter((state) => state !== undefined)).toHaveLength(1);
    const holder = ['a', 'b', 'c', 'd'][taken.findIndex((state) => state !== undefined)] ?? '';
    expect(await take(holder)).toBeUndefined();
    const failure = { id: 'f1', code: 'token-refused' as const, message: 'refused', retry: 'never' as const };
    await store.accessTokens.fail({ ...ownerOf('conn_c'), holder: 'other', failure, needsAuthorization: false });
    expect((await store.accessTokens.read(ownerOf('conn_c'))).failure).toBeUndefined();
    await store.accessTokens.fail({ ...ownerOf('conn_c'), holder, failure, needsAuthorization: true });
    expect(await store.accessTokens.read(ownerOf('conn_c'))).toMatchObject({ failure, needsAuthorization: true });
    // A late extension must not keep the next holder from taking the lease.
    await store.accessTokens.extendLease({ ...ownerOf('conn_c'), holder, durationMs: 60_000 });
    expect(await take('next')).toBeDefined();
    expect(await save('conn_c')).toBe(false);
  });

  test('the access token repository does not overwrite a newer access token with a grant that arrives late', async () => {
    await save('conn_d');
    const late = { ...ownerOf('conn_d'), generation: 0, grant: { ...grant, accessToken: 'late' } };
    expect(await store.accessTokens.save(late)).toBe(false);
    expect((await store.accessTokens.read(ownerOf('conn_d'))).token?.accessToken).toBe('planted-access');
  });

  test('the access token repository drops the access token, keeps the refresh token and rejects the old credentials after the credentials have changed', async () => {
    await save('conn_e');
    const state = await store.accessTokens.read(ownerOf('conn_e', 1));
    expect([state.token, state.refreshToken]).toEqual([undefined, 'planted-refresh']);
    await expect(store.accessTokens.read(ownerOf('conn_e'))).rejects.toMatchObject({ code: 'connection-changed' });
    expect(await save('conn_e')).toBe(false);
  });

  test('a client secret is bound to the first origin that asks for it, in all processes, until the credentials are replaced', async () => {
    const bind = (origin: string, version = 0) =>
      store.accessTokens.bindSecret({ ...ownerOf('conn_f', version), origin });
    const origins = await Promise.all(
      ['https://a.example', 'https://b.example', 'https://c.example'].map((one) => bind(one)),
    );
    expect(new Set(origins).size).toBe(1);
    expect(await bind('https://d.example')).toBe(origins[0]);
    expect(await save('conn_f')).toBe(true);
    expect(await bind('https://d.example', 1)).toBe('https://d.example');
    await expect(bind('https://a.example')).rejects.toMatchObject({ code: 'connection-changed' });
  });
});

describe('the connection repository', () => {
  test('an abandoned claim of a name is taken over, and one that is used is not', async () => {
    for (const id of ['conn_1', 'conn_3'])
      await store.connections.insert(makeConnection({ id, practiceId: '7', createdAt: new Date() }));
    // A process died after it had taken a name.
    const claims = database.collection('connection_keys');
    const takenAt = new Date(Date.now() - 60_000);
    await claims.insertOne({ _id: 'name/Abandoned' as never, holder: 'conn_gone', connectionId: 'conn_gone', takenAt });
    await store.connections.rename({ id: 'conn_3', name: 'Abandoned' });
    await expect(store.connections.rename({ id: 'conn_1', name: 'Abandoned' })).rejects.toMatchObject({
      code: 'connection-name-taken',
    });
    expect((await store.connections.find('conn_3'))?.name).toBe('Abandoned');
  });
});
