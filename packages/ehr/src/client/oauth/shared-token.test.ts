import { expect, test } from '@jest/globals';
import { ehrError } from '../errors.ts';
import { createMemoryTokenStore } from '../testing/memory-token-store.ts';
import { obtainShared } from './shared-token.ts';
import type { TokenStore } from './token-store.ts';

const owner = { connectionId: 'conn_1', credentialsVersion: 0 };

/** A store in which another process takes the lease, requests a token and ends the lease just before this process takes it. */
function storeWithFasterProcess(store: TokenStore, finish: () => Promise<void>): TokenStore {
  let isFirst = true;
  return {
    ...store,
    async takeLease(lease) {
      if (isFirst) {
        isFirst = false;
        await store.takeLease({ ...lease, holder: 'faster' });
        await finish();
      }
      return store.takeLease(lease);
    },
  };
}

function countRequests() {
  let count = 0;
  const requestGrant = async () => {
    count += 1;
    throw ehrError('authorization-needed', { message: 'refused' });
  };
  return { ask: requestGrant, count: () => count };
}

test.each([
  { code: 'authorization-needed', needsAuthorization: true },
  { code: 'token-unavailable', needsAuthorization: false },
] as const)('a process does not ask for a token again after a faster process failed with $code', async (failed) => {
  const store = createMemoryTokenStore();
  const { ask: requestGrant, count } = countRequests();
  const { code, needsAuthorization } = failed;
  const failure = { id: 'one', code, message: 'refused', retry: 'never' as const };
  const faster = storeWithFasterProcess(store, () =>
    store.fail({ ...owner, holder: 'faster', failure, needsAuthorization }),
  );
  await expect(obtainShared({ store: faster, owner, refused: undefined, requestGrant })).rejects.toMatchObject({
    code,
  });
  expect(count()).toBe(0);
  expect(await store.takeLease({ ...owner, holder: 'next', durationMs: 1000 })).toBeDefined();
});

test('a process uses the token that a faster process stored, and releases the lease', async () => {
  const store = createMemoryTokenStore();
  const { ask: requestGrant, count } = countRequests();
  const grant = { accessToken: 'a', scope: 's', renewAfterMs: 60_000 };
  const faster = storeWithFasterProcess(store, async () => {
    await store.save({ ...owner, generation: 0, grant });
    await store.releaseLease({ ...owner, holder: 'faster' });
  });
  const token = await obtainShared({ store: faster, owner, refused: undefined, requestGrant });
  expect(token.accessToken).toBe('a');
  expect(count()).toBe(0);
  expect(await store.takeLease({ ...owner, holder: 'next', durationMs: 1000 })).toBeDefined();
});
