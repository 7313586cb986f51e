export { createConnectionEraser } from './connection-eraser.ts';
export { createErasureRepository, type Erasure, erasurePhases, noAmounts } from './erasure.repository.ts';
export { ErasureGate, guardInserts } from './erasure-gate.ts';
export { createPatientEraser } from './patient-eraser.ts';
export { createRetention, type RetainedKind, type Retention, retainedKinds } from './retention/create-retention.ts';
export { listRetentionStates, type RetentionState } from './retention/retention-pass.ts';
export type { ErasureStore } from './store.ts';
