import { connectionFeature } from '@bulkhead/connections';
import { type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { resourceFeature } from '@bulkhead/records';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import { documentFeature } from '../document.feature.ts';
import type { DocumentSettings } from '../steps/deps.ts';
import { noteDocuments } from '../steps/note-documents.ts';

/** The parts are small, so that a document of a test has several. */
export const documentSettings: DocumentSettings = {
  enabled: true,
  maxBytes: 2_000_000,
  withMedia: false,
  partBytes: 50_000,
};

/** Creates the stores that the steps of documents use. */
export function createStores(context: TestContext) {
  return {
    repositories: {
      ...connectionFeature.open(context).repositories,
      ...resourceFeature.open(context).repositories,
      ...documentFeature.open(context).repositories,
    },
  };
}

/** Starts what the steps of documents need, without a worker. */
export async function startUseCases(options?: ConnectedEhrOptions) {
  const cases = await startConnectedEhr((at) => openTestStore(createStores, at), options);
  const deps = { ...cases.deps, documents: { ...documentSettings } };
  deps.store.resourceWriter.subscribe(() => noteDocuments(deps));
  return { ...cases, deps };
}
