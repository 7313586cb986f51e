export { answerOf, errorOf } from './answer-of.ts';
export { ApiError, type ErrorDetails } from './api-error.ts';
export type { components, paths } from './api-types.ts';
export { type ApiClient, createClient } from './create-client.ts';
