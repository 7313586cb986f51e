export type { AuthorizationRequest } from './authorization-request.record.ts';
export { connectionError } from './errors.ts';
export { type ConnectionStore, createConnectionStore } from './store.ts';
