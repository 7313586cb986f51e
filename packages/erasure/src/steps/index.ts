export type { ErasureDeps, RetentionDays } from './deps.ts';
export { retain } from './retain.ts';
export { runErasure } from './run-erasure.ts';
