import type { EhrSession } from '@bulkhead/ehr';
import type { Capabilities } from '@bulkhead/ehr/providers';
import type { Connection } from '../../connection.record.ts';
import type { Probe } from '../../probe/probe.record.ts';
import type { ConnectionDeps } from '../deps.ts';
import type { FactSheet } from './fact-sheet.ts';
import type { createKickOffs } from './kick-offs.ts';
import type { LimitedSession } from './limited-session.ts';

/** What the parts of a probe share. */
export interface ProbeWork {
  readonly deps: Pick<ConnectionDeps<never>, 'now'>;
  readonly probe: Probe;
  readonly connection: Connection;
  readonly capabilities: Capabilities | undefined;
  readonly session: EhrSession;
  readonly limited: LimitedSession;
  readonly kickOffs: ReturnType<typeof createKickOffs>;
  readonly sheet: FactSheet;
  /** Up to two patients who are stored. None before the first import. They never get into a fact. */
  readonly patientIds: readonly string[];
  readonly storedTypes: readonly string[];
  /** A second type for lists of types. */
  readonly secondType: string | undefined;
  /** How many were sent. */
  statusRequests: number;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
}
