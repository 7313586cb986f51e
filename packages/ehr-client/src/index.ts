export { toBodyError } from './accept-answer.ts';
export { documentAnswer, resourceAnswer } from './answer-rules.ts';
export { readCapabilities } from './capability-statement.ts';
export { connectionBudgets } from './connection-budgets.ts';
export { createEhrClient, type EhrClient } from './create-ehr-client.ts';
export { EhrHttpError } from './ehr-http-error.ts';
export type { EhrObserver } from './ehr-observer.ts';
export type { EhrSession } from './ehr-session.ts';
export { deleteExport, type ExportStatus, type Manifest, readExportStatus } from './export-status.ts';
export { type KickOff, kickOffExport } from './kick-off.ts';
export { type OpenFile, openFile } from './open-file.ts';
export { checkPaging, type PagingState } from './paging-loop.ts';
export {
  createProviderRegistry,
  endpointsOf,
  type Provider,
  type ProviderRegistry,
  type ProviderSettings,
} from './provider-registry.ts';
export { athenahealthRateLimit } from './rate-limit.ts';
export { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
export { type BudgetState, readBudgets } from './read-budgets.ts';
export type { RequestPriority } from './request-priority.ts';
export { readSearchPage, type SearchPage, searchUrl } from './search.ts';
export { generateSigningKey, importSigningKey, publicJwkOf } from './signing-key.ts';
export { tokenRemedy } from './token-refusal.ts';
export { createWebhookSender, type WebhookSender } from './webhook-sender.ts';
