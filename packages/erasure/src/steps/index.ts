import { retainWork } from './retain.job.ts';
import { eraseWork } from './run-erasure.job.ts';

export type { ErasureDeps } from './deps.ts';
export { erasureWork } from './erasure-work.ts';
export { retainWork } from './retain.job.ts';
export { eraseWork } from './run-erasure.job.ts';

export const erasureWorks = [retainWork, eraseWork] as const;
