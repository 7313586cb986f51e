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
export { followEvents } from './events.ts';
