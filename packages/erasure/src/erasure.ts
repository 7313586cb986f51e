import type { AuditActor } from '@bulkhead/access';

export const erasurePhases = ['queued', 'running', 'completed'] as const;
/** `queued` → `running` → `completed`. An erasure never fails for good: what stops it is tried again until it is done. */
export type ErasurePhase = (typeof erasurePhases)[number];

/** Numbers by name. What there is none of is left out. */
export type NumbersByName = Readonly<Record<string, number>>;

/** How much is stored, or was deleted. */
export interface DataAmounts {
  /** By resource type, without tombstones. */
  readonly resources: NumbersByName;
  /** Every other record, by kind. */
  readonly records: NumbersByName;
  /** Of the contents of documents, as the EHR sent them. */
  readonly contentBytes: number;
}

export const noAmounts: DataAmounts = { resources: {}, records: {}, contentBytes: 0 };

/** The deletion of everything that is stored of a connection, or of one of its patients. */
export interface Erasure {
  readonly id: string;
  readonly kind: 'connection' | 'patient';
  readonly connectionId: string;
  /** Of a patient, until the erasure has completed: then nothing but the audit log names the patient. */
  readonly patientId?: string;
  /** Of a patient: whether resources of the patient are not stored again. */
  readonly keepsOut?: boolean;
  readonly phase: ErasurePhase;
  readonly version: number;
  /** What there was once nothing wrote for the connection any more. */
  readonly found?: DataAmounts;
  /** What was deleted so far: progress. A crash can leave the last batch uncounted. */
  readonly deleted: DataAmounts;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Why the last attempt stopped. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly requestedBy: AuditActor;
  readonly createdAt: Date;
  /** When the work for the connection was stopped: what was written by then, or just after, is found by a later pass. */
  readonly stoppedAt?: Date;
  readonly completedAt?: Date;
}
