import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { withExports } from '@bulkhead/imports/export/testing';
import { type DatabaseCopy, openDatabase } from '@bulkhead/store/testing';
import { createStore } from '@bulkhead/system';
import { createWebhookSender } from '@bulkhead/webhooks/steps';
import { peopleTextOf } from '../../src/people-text.ts';
import { type WorkerDeps, withFeatureWork } from '../../src/works.ts';

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/**
 * Starts what the steps of a worker need, without a worker. A test calls the steps itself, at the time that it sets.
 * @param data what the database has from the start
 */
export async function startUseCases(options?: ConnectedEhrOptions, data?: DatabaseCopy) {
  const cases = withExports(await startConnectedEhr((at) => openStore(at, data), options));
  const { store, now } = cases.deps;
  const webhooks = createWebhookSender({ privateNetwork: true });
  // Each kind has its own number, so that a test notices if one is used for another.
  const retentionDays = Object.fromEntries(
    Object.keys(store.retention).map((kind, index) => [kind, 10 + index]),
  ) as WorkerDeps['retentionDays'];
  const deps = withFeatureWork({
    peopleTextOf,
    ...cases.deps,
    webhooks,
    retentionDays,
    erasureSettleMs: 30_000,
    databaseNow: async () => now(),
    readBudgets: async () => [],
  });
  const stop = async () => {
    webhooks.close();
    await cases.stop();
  };
  return { ...cases, deps, stop, [Symbol.asyncDispose]: stop };
}

async function openStore(at: { readonly uri: string; readonly encryptionKey: Buffer }, data: DatabaseCopy = []) {
  const store = createStore(at);
  await store.connect();
  await store.migrate();
  await using database = await openDatabase(at.uri);
  await database.write(data);
  return { store, close: store.close };
}
