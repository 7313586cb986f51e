import type { ExportView } from '@bulkhead/imports/export/commands';
import { readStored } from '../clients/served-system.fixture.ts';
import { createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { probeConnection } from '../system/probe-connection.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';

const provider = 'other';
/** A server with a few patients takes some seconds. */
const endMs = 60_000;

export type ServerSystem = Awaited<ReturnType<typeof connectServer>>;

/**
 * Starts a system that has a server of another author as its provider.
 * @param options.facts of the provider's file
 * @param options.patients of the simulated athenahealth, whose data the server can be loaded with. Default: 1
 */
export async function connectServer(options: {
  readonly fhirUrl: string;
  readonly facts?: object;
  readonly patients?: number;
}) {
  const environments = { main: { fhirEndpoint: options.fhirUrl } };
  const providers = [{ id: provider, name: 'Other', environments, defaultEnvironment: 'main', ...options.facts }];
  const env = { BULKHEAD_PROVIDERS: JSON.stringify(providers) };
  const system = await startTestSystem({ ...onTestServers(), patients: options.patients ?? 1, env });
  const call = createApiClient(system);
  return {
    ...system,
    call,

    /** @param connection the fields of the connection, such as `auth` and `groupId`. @returns its id */
    async connect(connection: object): Promise<string> {
      const body = { provider, environment: 'main', schedule: false, force: true, ...connection };
      return (await call<{ id: string }>('POST', '/api/ehr/connections', body)).id;
    },

    /** Exports and waits for the end. */
    async importAll(connectionId: string, request: object): Promise<ExportView> {
      const path = `/api/ehr/${provider}/bulk-export`;
      const { id } = await call<{ id: string }>('POST', path, { connectionId, ...request });
      const ended = await pollUntil(
        async () => {
          const view = await call<ExportView>('GET', `${path}/${id}`);
          return view.status === 'IN_PROGRESS' ? undefined : view;
        },
        { timeoutMs: endMs, intervalMs: 200 },
      );
      if (!ended) throw new Error(`The export ${id} has not ended.`);
      return ended;
    },

    probe: (connectionId: string) => probeConnection(call, connectionId),
    stored: (connectionId: string) => readStored({ store: system.store, connectionId }),
  };
}
