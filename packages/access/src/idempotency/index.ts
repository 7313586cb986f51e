export { idempotencyError } from './errors.ts';
export { type IdempotencyStore, idempotencyFeature } from './idempotency.feature.ts';
