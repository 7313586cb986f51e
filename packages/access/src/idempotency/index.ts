export { idempotencyError } from './errors.ts';
export { createIdempotencyStore, type IdempotencyStore } from './store.ts';
