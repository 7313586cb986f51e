export type { components, paths } from './api-types.ts';
export {
  type ApiClient,
  ApiError,
  answerOf,
  createClient,
  type ErrorCode,
  type ErrorDetails,
  errorOf,
} from './client.ts';
export {
  codesOf,
  fixedAt,
  hasFixedMessage,
  inWords,
  isForPrograms,
  lineOf,
  textOf,
  titleOf,
  withoutNames,
} from './code-texts.ts';
export type { EnhancedService } from './enhanced-service.ts';
export { followEvents } from './events.ts';
export { type ChangeBatch, followChanges, linesOf, type ResourceChange } from './follow-changes.ts';
export { getAthenaHealthEnhancedService } from './get-enhanced-service.ts';
export { createHttpService } from './http-service.ts';
export { type TableRow, tableRows } from './table-rows.ts';
