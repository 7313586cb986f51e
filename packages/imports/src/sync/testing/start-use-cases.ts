import { ByteBudget } from '@bulkhead/base';
import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { createStores as createDocumentStores, documentSettings } from '@bulkhead/documents/testing';
import { quarantineFeature } from '@bulkhead/records/quarantine';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import { syncFeature } from '../sync.feature.ts';

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/** Starts what the steps of a sync need, without a worker. A test calls the steps itself, at the time that it sets. */
export async function startUseCases(options?: ConnectedEhrOptions) {
  const cases = await startConnectedEhr((at) => openTestStore(createStores, at), options);
  const largeBytes = new ByteBudget(15 * 1024 * 1024);
  return { ...cases, deps: { ...cases.deps, documents: documentSettings, largeBytes } };
}

function createStores(context: TestContext) {
  const others = { ...createDocumentStores(context).repositories, ...quarantineFeature.open(context).repositories };
  return { repositories: { ...others, ...syncFeature.open({ ...context, ...others }).repositories } };
}
