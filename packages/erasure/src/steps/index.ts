export type { ErasureDeps } from './deps.ts';
export { retain } from './retain.ts';
export type { RetentionDays } from './retention-days.ts';
export { runErasure } from './run-erasure.ts';
