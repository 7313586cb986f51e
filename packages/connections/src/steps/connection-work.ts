import { containsId } from '@bulkhead/fhir';
import type { Producer } from '@bulkhead/queues';
import { type FeatureWork, withholdsNoLines } from '@bulkhead/store';
import { probeJob, revokeJob } from '../jobs.ts';
import { activeProbePhases } from '../probe/probe.record.ts';
import type { ConnectionDeps } from './deps.ts';
import { leaveEhr } from './revoke-connection.job.ts';

export function connectionWork(
  deps: ConnectionDeps<'accessTokens' | 'connections' | 'probes'> & { readonly producer: Producer },
): FeatureWork {
  const { store, producer, now } = deps;
  return {
    /** A probe still needs the URLs of its exports. */
    async isBusyWith({ connectionId, patientId }) {
      const probe = await store.probes.find(connectionId);
      return (
        probe !== undefined && activeProbePhases.includes(probe.phase) && containsId(JSON.stringify(probe), patientId)
      );
    },
    recountWithheld: withholdsNoLines,

    /** A job or a schedule that starts now ends at once, because its connection is gone. */
    async stop(connectionId) {
      await store.probes.cancel(connectionId);
      if (await store.connections.find(connectionId))
        await store.connections.markDeleted({ id: connectionId, now: now() });
    },

    async leaveEhr({ connectionId, signal }) {
      const connection = await store.connections.findEvenDeleted(connectionId);
      if (connection) await leaveEhr(deps, { connection, signal });
    },

    async ensureJobs() {
      for (const connectionId of await store.connections.listDeletedIds())
        await producer.ensure(revokeJob, { connectionId });
      for (const connectionId of await store.probes.listActiveIds()) await producer.ensure(probeJob, { connectionId });
    },
  };
}
