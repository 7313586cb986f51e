import type { AccessStore } from '@bulkhead/access';
import type { ResourceStore } from '@bulkhead/resources';
import type { ScheduleStore } from '@bulkhead/schedules';
import type { createConnectionEraser } from './connection-eraser.ts';
import type { createErasureRepository } from './erasure.repository.ts';
import type { ErasureGate } from './gate/erasure-gate.ts';
import type { WritingProcessRepository } from './gate/writing-process.repository.ts';
import type { createPatientEraser } from './patient-eraser.ts';
import type { Retention } from './retention/create-retention.ts';

export { createConnectionEraser } from './connection-eraser.ts';
export { dataAmountsSchema, type Erasure, noAmounts } from './erasure.record.ts';
export { createErasureRepository } from './erasure.repository.ts';
export { ErasureGate } from './gate/erasure-gate.ts';
export { guardInserts, throughGate } from './gate/guard-inserts.ts';
export { readIdentity } from './gate/process-identity.ts';
export { createWritingProcessRepository, type WritingProcess } from './gate/writing-process.repository.ts';
export { createPatientEraser } from './patient-eraser.ts';
export { createRetention, type RetainedKind, type Retention, retainedKinds } from './retention/create-retention.ts';
export { readTombstonesDeletedBefore } from './retention/retain-tombstones.ts';
export { listRetentionStates, type RetentionState } from './retention/retention-pass.ts';

/** The repositories that this feature uses. */
export interface ErasureStore extends ScheduleStore, Pick<ResourceStore, 'keptOut'>, Pick<AccessStore, 'auditEvents'> {
  readonly erasures: ReturnType<typeof createErasureRepository>;
  readonly writingProcesses: WritingProcessRepository;
  readonly gate: Pick<ErasureGate, 'refresh' | 'close'>;
  readonly connectionEraser: ReturnType<typeof createConnectionEraser>;
  readonly patientEraser: ReturnType<typeof createPatientEraser>;
  readonly retention: Retention;
}
export { erasureError } from './errors.ts';
