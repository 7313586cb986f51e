export { checkSince } from './check-since.ts';
export { resourceError } from './errors.ts';
export { isErasedEntry } from './is-erased-entry.ts';
export { readLineDocument, writeDocument } from './line-document.ts';
export { type ResourceStore, resourceFeature } from './resource.feature.ts';
export { ResourceRepository } from './resource.repository.ts';
export {
  noOutcome,
  type ResourceWriter,
  sumOutcomes,
  VersionWriter,
  type WriteOutcome,
  writeWithBisection,
} from './resource.writer.ts';
export { createResourceChanges, type ResourceChange, wholeSecond } from './resource-changes.ts';
export { listResourceTypes, prepareResourceTypes } from './resource-collections.ts';
export {
  type DocumentContext,
  type ResourceDocument,
  toResourceDocument,
  toStorableInSteps,
  toTombstone,
} from './resource-document.ts';
export { pageQueries, readCursor } from './resource-pages.ts';
export { type ResourceQuery, toResourceQuery } from './resource-query.ts';
export { compareVersions } from './resource-version.ts';
export { upgradeResources } from './upgrade-resources.ts';
