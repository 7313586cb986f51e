export { type ErasureStore, erasureFeature } from './erasure.feature.ts';
export type { Erasure } from './erasure.record.ts';
export { erasureError } from './errors.ts';
export { countOfConnection, countOfPatient } from './feature-counts.ts';
export type { WritingProcess } from './gate/writing-process.repository.ts';
