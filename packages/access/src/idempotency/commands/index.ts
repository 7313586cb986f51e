export { createIdempotencyService, type IdempotencyService } from './idempotency.service.ts';
