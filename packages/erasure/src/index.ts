export { createConnectionEraser } from './connection-eraser.ts';
export { createErasureRepository } from './erasure.repository.ts';
export { type Erasure, erasurePhases, noAmounts } from './erasure.ts';
export { ErasureGate } from './erasure-gate.ts';
export { guardInserts } from './guard-inserts.ts';
export { createPatientEraser } from './patient-eraser.ts';
export { createRetention, type RetainedKind, type Retention, retainedKinds } from './retention/create-retention.ts';
export { listRetentionStates, type RetentionState } from './retention/retention-pass.ts';
export type { ErasureStore } from './store.ts';
