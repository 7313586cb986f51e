import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import { createStores as createExportStores, withExports } from '../../export/testing/index.ts';
import { syncFeature } from '../sync.feature.ts';

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/** Starts what the steps of a sync need, without a worker. A test calls the steps itself, at the time that it sets. */
export async function startUseCases(options?: ConnectedEhrOptions) {
  return withExports(await startConnectedEhr((at) => openTestStore(createStores, at), options));
}

function createStores(context: TestContext) {
  const exports = createExportStores(context).repositories;
  return { repositories: { ...exports, ...syncFeature.open({ ...context, ...exports }).repositories } };
}
