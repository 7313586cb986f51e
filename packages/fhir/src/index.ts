export { type Attachment, readAttachments, typesWithAttachments } from './attachments.ts';
export { type BinaryContent, openBinaryJson } from './binary-json.ts';
export { coversAllOf, coversType } from './coverage.ts';
export { type Deletion, readDeletions } from './deletions.ts';
export { ExactNumber, parseExact } from './exact-number.ts';
export { JsonValueCounter, maxJsonValues } from './json-value-counter.ts';
export { LineSplitter, type LineSplitterOptions, type LongLinePart, type NdjsonLine } from './line-splitter.ts';
export {
  type ManifestEntry,
  type ManifestHeader,
  type ManifestSection,
  manifestSections,
  readManifestEntry,
} from './manifest.ts';
export { mentionsPatient } from './mentions-patient.ts';
export {
  isOperationOutcome,
  isTransient,
  listIssueCodes,
  type OutcomeIssue,
  type ReportedIssue,
  readOutcomeIssues,
  readReportedIssues,
} from './operation-outcome.ts';
export { parseFhirJson } from './parse-json.ts';
export {
  type JsonLine,
  type LineRejectionReason,
  type ParsedLine,
  parseJsonLine,
  parseResourceLine,
  toResource,
} from './parse-resource-line.ts';
export { allPatientsOf, maxListedPatients, patientsOf, referencedId } from './patient-compartment.ts';
export { isResourceId, type Resource, type ResourceMeta } from './resource.ts';
export { anyResourceType, enhancedResourceTypes, isResourceType, standardResourceTypes } from './resource-types.ts';
export { scopeFault } from './scope-fault.ts';
export { openStart } from './search/date-range.ts';
export { parseSearch, type SearchFault, type SearchRequest } from './search/parse-search.ts';
export type { AllOfAny, DateCriterion, ResourceSearch } from './search/resource-search.ts';
export { searchset } from './search/searchset.ts';
export { readSearchBundle, type SearchBundle, type SearchBundleReading, type SearchEntry } from './search-bundle.ts';
export { extractSearchKeys, type SearchKeys, searchKeysVersion } from './search-keys.ts';
export { scopeCovers } from './smart-scope.ts';
export { isSubsetted } from './subsetted.ts';
export { maxSummaryBytes, type ResourceSummary, summarize } from './summaries/summarize.ts';
