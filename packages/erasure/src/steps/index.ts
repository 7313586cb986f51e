export type { ErasureDeps } from './deps.ts';
export { erasureWork } from './erasure-work.ts';
export { retain } from './retain.ts';
export { runErasure } from './run-erasure.ts';
