export { type ResourceChange, ResourceChangeRepository } from './changes/resource-changes.ts';
export { type ConnectionCheck, createConnectionCheck } from './check-connection.ts';
export { isErasedEntry } from './erase/is-erased-entry.ts';
export { resourceError } from './errors.ts';
export { pageQueries, readCursor } from './read/resource-pages.ts';
export { type ResourceQuery, toResourceQuery } from './read/resource-query.ts';
export { type IdRange, ResourceSearchRepository } from './read/resource-search.repository.ts';
export { type ResourceStore, resourceFeature } from './resource.feature.ts';
export { listResourceTypes, prepareResourceTypes } from './resource-collections.ts';
export { wholeSecond } from './version/changed-since.ts';
export {
  type DocumentContext,
  patientsOfDocument,
  type ResourceDocument,
  toResourceDocument,
  toStorableInSteps,
  toTombstone,
} from './version/resource-document.ts';
export { compareVersions } from './version/resource-version.ts';
export { readLineDocument, writeDocument } from './write/line-document.ts';
export { type ResourceWriter, VersionWriter, type WriteFollower } from './write/resource.writer.ts';
export { upgradeResources } from './write/upgrade-resources.ts';
export { noOutcome, sumOutcomes, type WriteOutcome, writeWithBisection } from './write/write-outcome.ts';
