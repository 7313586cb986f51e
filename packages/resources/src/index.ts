import type { createKeptOutRepository } from './kept-out.repository.ts';
import type { createResourceRepository } from './resource.repository.ts';
import type { createResourceWriter } from './resource.writer.ts';
import type { createResourceChanges } from './resource-changes.ts';
import type { prepareResourceTypes } from './resource-collections.ts';

export { createKeptOutRepository, type KeptOutList, type KeptOutRepository } from './kept-out.repository.ts';
export { readLineDocument, writeDocument } from './line-document.ts';
export { createResourceRepository } from './resource.repository.ts';
export {
  createResourceWriter,
  noOutcome,
  type ResourceWriter,
  sumOutcomes,
  type WriteOutcome,
  writeWithBisection,
} from './resource.writer.ts';
export { createResourceChanges, type ResourceChange } from './resource-changes.ts';
export { listResourceTypes, prepareResourceTypes } from './resource-collections.ts';
export type { DocumentContext } from './resource-document.ts';
export { type ResourceDocument, toResourceDocument, toStorableInSteps, toTombstone } from './resource-document.ts';
export { pageQueries, readCursor } from './resource-pages.ts';
export { type ResourceQuery, toResourceQuery } from './resource-query.ts';
export { compareVersions } from './resource-version.ts';
export { upgradeResources } from './upgrade-resources.ts';

/** The repositories of this feature. */
export interface ResourceStore {
  readonly resources: ReturnType<typeof createResourceRepository>;
  readonly resourceChanges: ReturnType<typeof createResourceChanges>;
  readonly resourceWriter: ReturnType<typeof createResourceWriter>;
  readonly keptOut: ReturnType<typeof createKeptOutRepository>;
  readonly prepareResourceTypes: (resourceTypes: readonly string[]) => ReturnType<typeof prepareResourceTypes>;
}
export { resourceError } from './errors.ts';
