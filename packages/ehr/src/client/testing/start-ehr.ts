import { createEhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { createSimulatorControl, waitFor } from '@bulkhead/testing';
import type { EhrConnection } from '../../providers/index.ts';
import { resourceAnswer } from '../answers/answer-rules.ts';
import { type Manifest, readExportStatus } from '../bulk-data/export-status.ts';
import { kickOffExport } from '../bulk-data/kick-off.ts';
import type { SessionRequest } from '../ehr-session.ts';
import { createTestClient, type TestClientOptions } from './create-test-client.ts';

const clientSecret = 'simulator-secret';

export type TestEhr = Awaited<ReturnType<typeof startEhr>>;

/** Starts a simulator and a client of it. */
export async function startEhr(options: TestClientOptions & { readonly simulator?: EhrSimulatorOptions } = {}) {
  const simulator = createEhrSimulator({ patients: 8, exportSeconds: 0, retryAfterSeconds: 0, ...options.simulator });
  await simulator.start();
  const tested = createTestClient(simulator.fhirEndpoint, options);
  const { client } = tested;
  const connection = (change: Partial<EhrConnection> = {}): EhrConnection => ({
    ...tested.connection,
    groupId: 'a-1.C-195900',
    auth: { method: 'client_credentials', clientId: 'simulator-client', clientSecret, scope: 'system/*.read' },
    ...change,
  });
  const session = client.session(connection());
  const control = createSimulatorControl(simulator);
  return {
    simulator,
    client,
    session,
    connection,
    /** A session of a connection with these changes. */
    sessionOf: (change: Partial<EhrConnection>) => client.session(connection(change)),
    /** Reads the simulator's first patient once. With `change`, this uses another connection and its token. */
    readPatient: (change?: Partial<EhrConnection>) =>
      (change ? client.session(connection(change)) : session).send(
        resourceRequest(`${simulator.fhirEndpoint}/Patient/a-195900.E-1`),
      ),
    /** See the simulator's README. */
    inject: control.inject,
    orderSettings: control.orderSettings,
    /** The requests that the simulator received, by path. */
    requests: control.requests,
    violations: control.violations,
    /** The number of issued tokens. */
    tokenCount: async () => (await control.stats()).tokens,
    /** Starts an export and waits for its manifest. */
    export: async (resourceTypes: readonly string[] = ['Patient']): Promise<Manifest> => {
      const request = { exportType: 'Patient', resourceTypes } as const;
      const { statusUrl = '' } = await kickOffExport({ session, request });
      return waitFor(async () => {
        const status = await readExportStatus({ session, statusUrl });
        return status.kind === 'complete' ? status.manifest : undefined;
      });
    },
    async stop() {
      tested.close();
      await simulator.stop();
    },
  };
}

/** A GET of a resource, with a token. It is sent once. */
export function resourceRequest(url: string, change: Partial<SessionRequest> = {}): SessionRequest {
  const headers = { accept: 'application/fhir+json' };
  return {
    method: 'GET',
    url,
    headers,
    priority: 'crawl',
    answer: resourceAnswer,
    retries: 0,
    sendToken: true,
    ...change,
  };
}
