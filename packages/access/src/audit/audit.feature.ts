import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsAsProof,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import type { ChainedAuditEvent } from './audit-event.record.ts';
import { AuditEventRepository } from './audit-event.repository.ts';
import { collections } from './collections.ts';

export interface AuditOptions {
  /** How long audit events are kept. */
  readonly auditDays?: number | undefined;
  /** Called with each audit event when it is stored. It must not throw, and it is not awaited. */
  readonly onAuditEvent?: ((event: ChainedAuditEvent) => void) | undefined;
}

/** HIPAA requires documentation to be kept for six years (45 CFR 164.316(b)(2)(i)). This includes leap days. */
const sixYearsDays = 2192;

export const auditFeature = defineFeature({
  collections,
  open(context: Pick<StoreContext, 'database'> & AuditOptions) {
    const { database, auditDays: keptDays = sixYearsDays, onAuditEvent: onAppended } = context;
    const data: FeatureData = {
      countOfConnection: countsNothing,
      eraseConnection: keepsAsProof,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      erasePatient: keepsAsProof,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
    };
    return {
      repositories: { auditEvents: new AuditEventRepository({ database, keptDays, onAppended }) },
      data: () => data,
    };
  },
});

export type AuditStore = RepositoriesOf<typeof auditFeature>;
