export type { Erasure } from './erasure.record.ts';
export { countOfConnection, countOfPatient } from './feature-counts.ts';
export { ErasureGate } from './gate/erasure-gate.ts';
export { readIdentity } from './gate/process-identity.ts';
export { createWritingProcessRepository, type WritingProcess } from './gate/writing-process.repository.ts';
export { createErasureStore, type ErasureStore } from './store.ts';
