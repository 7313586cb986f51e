export type { AuthorizationRequest } from './authorization-request.record.ts';
export { type ConnectionStore, createConnectionStore } from './store.ts';
