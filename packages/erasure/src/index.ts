export { createConnectionEraser } from './connection-eraser.ts';
export { dataAmountsSchema, type Erasure, noAmounts } from './erasure.record.ts';
export { createErasureRepository } from './erasure.repository.ts';
export { ErasureGate, guardInserts } from './erasure-gate.ts';
export { createPatientEraser } from './patient-eraser.ts';
export { createRetention, type RetainedKind, type Retention, retainedKinds } from './retention/create-retention.ts';
export { listRetentionStates, type RetentionState } from './retention/retention-pass.ts';
export type { ErasureStore } from './store.ts';
