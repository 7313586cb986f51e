export { readDeletionsInSteps } from './bulk-data/deletions.ts';
export {
  type DeclaredParameter,
  declaredParameters,
  droppedParameters,
  type ExportParameters,
  type NamedValue,
  namedValuesOf,
  namesOf,
  narrowingParameters,
  type SentKickOff,
  toExportParameters,
  toParametersResource,
  toQuery,
  without,
} from './bulk-data/export-parameters.ts';
export {
  type BulkExportRequest,
  coversAllOf,
  coversType,
  type ExportType,
  exportTypes,
  isNarrowed,
} from './bulk-data/export-request.ts';
export {
  isTooFarAhead,
  type ManifestEntry,
  type ManifestHeader,
  manifestSections,
  readManifestEntry,
} from './bulk-data/manifest.ts';
export {
  isUncovered,
  type ScopeVersion,
  scopeCovers,
  scopeDoubt,
  scopeFault,
  scopeTypes,
  scopeVersions,
  scopeVersionsOf,
  systemScopeFault,
  systemScopes,
} from './bulk-data/scopes.ts';
export { FaultList } from './faults.ts';
export { openBinaryJson } from './json/binary-json.ts';
export { cutDepthInSteps } from './json/cut-depth.ts';
export { ExactNumber, parseExact } from './json/exact-number.ts';
export { JsonValueCounter, maxJsonValues } from './json/json-value-counter.ts';
export { JsonTooDeepError, parseFhirJson, parseFhirJsonInSteps } from './json/parse-json.ts';
export { runSteps, type Steps } from './json/steps.ts';
export { LineSplitter, type LongLinePart, type NdjsonLine } from './ndjson/line-splitter.ts';
export {
  isOfType,
  type JsonLine,
  type LineRejectionReason,
  type ParsedLine,
  parseJsonLine,
  parseJsonLineInSteps,
  parseResourceLine,
  toResource,
} from './ndjson/parse-resource-line.ts';
export {
  type Attachment,
  type MediaType,
  parseMediaType,
  readAttachments,
  typesWithAttachments,
  withAttachmentUrls,
} from './resources/attachments.ts';
export { linkedBinaries } from './resources/linked-binaries.ts';
export { isMandatory, subsettedMeta } from './resources/mandatory-elements.ts';
export {
  containsId,
  isJson,
  listMentionedPatients,
  mentionsPatient,
  possibleIds,
  possiblePatients,
} from './resources/mentions-patient.ts';
export {
  isOperationOutcome,
  isTransient,
  listIssueCodes,
  type OutcomeIssue,
  readOutcomeIssues,
  readReportedIssuesInSteps,
} from './resources/operation-outcome.ts';
export {
  allPatientsOf,
  isInPatientCompartment,
  isOfPatient,
  isOfRecord,
  maxListedPatients,
  patientsOf,
} from './resources/patient-compartment.ts';
export {
  baseUrlsOf,
  type DirectReference,
  readReference,
  referencePattern,
  referencesTo,
} from './resources/reference.ts';
export { referredTargets } from './resources/referred-targets.ts';
export {
  anyResourceType,
  enhancedResourceTypes,
  isResourceId,
  isResourceType,
  isSubsetted,
  nearestName,
  type Resource,
  r4ResourceTypes,
  standardResourceTypes,
  whyNotResourceType,
} from './resources/resource.ts';
export { openStart, withoutLeapSecond } from './search/date-range.ts';
export {
  allIncludesOf,
  type Include,
  includedReferences,
  includesOf,
  type RevInclude,
  revIncludesOf,
} from './search/include-paths.ts';
export {
  everyResource,
  pageParameterNames,
  parseSearch,
  type ResourceSearch,
  type SearchOrder,
  type SearchRequest,
  searchParameterNames,
} from './search/parse-search.ts';
export {
  readSearchBundle,
  type SearchBundle,
  type SearchBundleReading,
  type SearchEntry,
} from './search/search-bundle.ts';
export { dateParameterOf } from './search/search-elements.ts';
export {
  extractSearchKeys,
  type SearchKeys,
  searchedElementsOf,
  searchKeysVersion,
  searchToken,
  securityContextToken,
} from './search/search-keys.ts';
export { type SearchParameter, searchParametersOf } from './search/search-parameters.ts';
export { withElements } from './search/search-result.ts';
export { textCondition } from './search/search-texts.ts';
export type { DateCriterion } from './search/search-values.ts';
export {
  type HistoryEntry,
  historyBundle,
  historyEntry,
  type SearchsetEntry,
  searchset,
} from './search/write-bundle.ts';
