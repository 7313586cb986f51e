export { IdempotencyService } from './idempotency.service.ts';
