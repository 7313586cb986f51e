export { type Attachment, readAttachments, typesWithAttachments } from './attachments.ts';
export { openBinaryJson } from './binary-json.ts';
export { type BulkExportRequest, type ExportType, exportTypes } from './bulk-export-request.ts';
export { coversAllOf, coversType } from './coverage.ts';
export { readDeletions } from './deletions.ts';
export { ExactNumber, parseExact } from './exact-number.ts';
export { JsonValueCounter, maxJsonValues } from './json-value-counter.ts';
export { LineSplitter, type LongLinePart, type NdjsonLine } from './line-splitter.ts';
export { type ManifestEntry, type ManifestHeader, manifestSections, readManifestEntry } from './manifest.ts';
export { mentionsPatient } from './mentions-patient.ts';
export {
  isOperationOutcome,
  isTransient,
  listIssueCodes,
  type OutcomeIssue,
  readOutcomeIssues,
  readReportedIssues,
} from './operation-outcome.ts';
export { parseFhirJson } from './parse-json.ts';
export { type MediaType, parseMediaType } from './parse-media-type.ts';
export { type JsonLine, type ParsedLine, parseJsonLine, parseResourceLine, toResource } from './parse-resource-line.ts';
export { allPatientsOf, maxListedPatients, patientsOf, referencedId } from './patient-compartment.ts';
export { isResourceId, type Resource } from './resource.ts';
export { anyResourceType, enhancedResourceTypes, isResourceType, standardResourceTypes } from './resource-types.ts';
export { scopeFault } from './scope-fault.ts';
export { openStart } from './search/date-range.ts';
export { parseSearch, type SearchRequest } from './search/parse-search.ts';
export type { DateCriterion, ResourceSearch } from './search/resource-search.ts';
export { searchset } from './search/searchset.ts';
export { readSearchBundle, type SearchBundle, type SearchBundleReading, type SearchEntry } from './search-bundle.ts';
export { extractSearchKeys, type SearchKeys, searchKeysVersion } from './search-keys.ts';
export { scopeCovers } from './smart-scope.ts';
export { isSubsetted } from './subsetted.ts';
export { maxSummaryBytes, type ResourceSummary, summarize } from './summaries/summarize.ts';
