import { type FeatureData, noData, type StoreContext } from '@bulkhead/store';
import { AnsweredRequestRepository } from './answered-request.repository.ts';
import { ApiKeyRepository } from './api-key.repository.ts';
import type { ChainedAuditEvent } from './audit/audit-event.record.ts';
import { AuditEventRepository } from './audit/audit-event.repository.ts';
import { SessionRepository } from './session.repository.ts';

export type AccessStore = ReturnType<typeof createAccessStore>['repositories'];

export interface AuditOptions {
  /** How long audit events are kept. */
  readonly auditDays?: number | undefined;
  /** Called with each audit event when it is stored. It must not throw, and it is not awaited. */
  readonly onAuditEvent?: ((event: ChainedAuditEvent) => void) | undefined;
}

/** HIPAA requires documentation to be kept for six years (45 CFR 164.316(b)(2)(i)). This includes leap days. */
const sixYearsDays = 2192;

export function createAccessStore(context: StoreContext & AuditOptions) {
  const { database, auditDays: keptDays = sixYearsDays, onAuditEvent: onAppended } = context;
  const answeredRequests = new AnsweredRequestRepository(context);
  /** The copies of responses are not counted: what they show is stored elsewhere. */
  const forgetAnswers = async (connectionId: string): Promise<void> => {
    await database.collection('answered_requests').deleteMany({ connectionId });
  };
  // The audit log keeps who did what, even with erased data. Sessions refer to API keys only.
  const data: FeatureData = {
    ...noData,
    async eraseConnection({ connectionId }) {
      // If this was the only connection of a key, its list becomes empty. An absent list would allow all connections.
      const ofConnection = { connectionIds: connectionId };
      await database
        .collection<{ connectionIds: string[] }>('api_keys')
        .updateMany(ofConnection, { $pull: ofConnection });
      await forgetAnswers(connectionId);
      return 0;
    },
    async erasePatient({ connectionId }) {
      // The response of a sync contains the patients that it was requested for.
      await forgetAnswers(connectionId);
      return 0;
    },
    encryptedFields: answeredRequests.encryptedFields,
  };
  return {
    repositories: {
      answeredRequests,
      apiKeys: new ApiKeyRepository(database),
      auditEvents: new AuditEventRepository({ database, keptDays, onAppended }),
      sessions: new SessionRepository(database),
    },
    data,
  };
}
