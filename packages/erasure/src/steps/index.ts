export type { ErasureDeps } from './deps.ts';
export { erasureWork } from './erasure-work.ts';
