export type { Erasure } from './erasure.record.ts';
export { erasureError } from './errors.ts';
export { countOfConnection, countOfPatient } from './feature-counts.ts';
export type { WritingProcess } from './gate/writing-process.repository.ts';
export { createErasureStore, type ErasureStore } from './store.ts';
