import type { EhrSession } from '@bulkhead/ehr';
import type { Capabilities } from '@bulkhead/ehr/providers';
import type { Connection } from '../../connection.record.ts';
import type { ConnectionDeps } from '../deps.ts';
import type { FactSheet } from './fact-sheet.ts';
import type { createKickOffs } from './kick-offs.ts';
import type { LimitedSession } from './limited-session.ts';

/** What the parts of a probe share. */
export interface ProbeWork {
  readonly deps: Pick<ConnectionDeps<never>, 'now'>;
  readonly connection: Connection;
  readonly capabilities: Capabilities | undefined;
  readonly session: EhrSession;
  readonly limited: LimitedSession;
  readonly kickOffs: ReturnType<typeof createKickOffs>;
  readonly sheet: FactSheet;
  /** A patient who is stored. Undefined before the first import. It never gets into a fact. */
  readonly patientId: string | undefined;
  readonly storedTypes: readonly string[];
  /** A second type for lists of types. */
  readonly secondType: string | undefined;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
}
