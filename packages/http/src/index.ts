export {
  type Action,
  type Audited,
  actionNames,
  actionsWithoutEndpoint,
  checkAction,
  defineActions,
} from './actions.ts';
export { addressOf, originOf } from './address.ts';
export { answerError, leftSignal } from './answer-error.ts';
export { type AuditNotes, auditDocument, auditNotes } from './audit-notes.ts';
export {
  type Page,
  type Problem,
  pageFrame,
  pageStyle,
  pageStylePath,
  sendPage,
  wantsPage,
} from './browser/pages.ts';
export {
  attemptCookie,
  redirectToLogin,
  requireSameOrigin,
  resumeSession,
  sessionCookie,
} from './browser/session.ts';
export {
  anyone,
  checkEndpoints,
  defineEndpointFor,
  type Endpoint,
  type EndpointGroup,
  type ErrorPage,
  endpointGroup,
  type HandlerInput,
  type HttpServices,
  type ProcessState,
  type Reply,
  type ResponseDescription,
} from './define-endpoint.ts';
export { type EndpointDeps, endpointRouter } from './endpoint-router.ts';
export { httpEnvShape, trustProxySchema } from './env.ts';
export { apiError } from './errors/errors.ts';
export { operationOutcomeSchema } from './errors/fhir-outcome.ts';
export { factsOf, type HttpErrorCode, statusOf } from './errors/http-errors.ts';
export { type EventStreamLimits, eventStreamLimits } from './events/event-streams.ts';
export {
  buildHttpProgram,
  type HttpFoundation,
  type HttpProgramOptions,
  type HttpProgramParts,
} from './http-program.ts';
export { type HttpLimits, httpLimits } from './http-server.ts';
export { replayed } from './idempotency.ts';
export { DownloadSlots } from './limits/download-slots.ts';
export { RequestLimits } from './limits/request-limits.ts';
export { allow, checkOperator } from './middleware/allow.ts';
export { type AuditDeps, appendConnection, appendFurther, auditTrail, sourceOf } from './middleware/audit-trail.ts';
export { actorOf, type Caller, callerOf, setCaller } from './middleware/caller-of.ts';
export { type EndpointsAt, endpointIndex } from './middleware/check-method.ts';
export { parseJson } from './middleware/parse-json.ts';
export { type ApiDocument, createApiDocument, errorCodes } from './openapi/create-api-document.ts';
export { examplesOf } from './openapi/error-examples.ts';
export { summarizeDocument } from './openapi/summarize-document.ts';
export { processEndpoints } from './process.endpoints.ts';
export { readQuery } from './read-query.ts';
export { RefusedAttempts } from './refused-attempts.ts';
export { sendLines } from './send-lines.ts';
export {
  documentActions,
  isServed,
  resourceActions,
  servedActions,
  tableActions,
  tokenPath,
} from './served.ts';
