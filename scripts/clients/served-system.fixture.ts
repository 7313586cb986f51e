import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';

/** Starts a system whose stored resources are read by clients of other authors. */
export async function startServedSystem({
  patients,
  env = {},
}: {
  readonly patients: number;
  readonly env?: Record<string, string>;
}) {
  const system = await startTestSystem({ ...onTestServers(), patients, env });
  const { baseUrl, connectionId, store, simulator } = system;
  const call = createApiClient(system);
  return {
    ...system,
    call,
    fhirUrl: `${baseUrl}/api/ehr/athenahealth/fhir/${connectionId}`,

    /** Exports from the EHR: everything, or what has changed. */
    async importAll(since?: 'last'): Promise<void> {
      const body = { connectionId, exportType: 'Patient', ...(since ? { since } : {}) };
      const { id } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body);
      await until(async () => (await store.bulkExports.find(id))?.phase === 'completed');
    },

    /** Changes, creates and deletes resources at the EHR, imports the changes, and erases a patient here. */
    async changeEverything(): Promise<void> {
      const [kept = '', removed = '', erased = ''] = await store.resources.listIds({
        connectionId,
        resourceType: 'Patient',
      });
      await simulator.put(`Patient/${kept}`, JSON.stringify({ resourceType: 'Patient', id: kept, active: false }));
      await simulator.put('Patient/new', JSON.stringify({ resourceType: 'Patient', id: 'new' }));
      await simulator.remove(`Patient/${removed}`);
      await this.importAll('last');
      await call('DELETE', `/api/ehr/connections/${connectionId}/patients/${erased}?keepOut=true`);
      await until(
        async () =>
          (await store.resources.listOfPatient({ connectionId, patientId: erased, resourceType: 'Patient' })).length ===
          0,
      );
    },

    stored: (types?: readonly string[]) => readStored({ ...system, types }),
  };
}

/** The lines of the stored resources of these types by their references, or of all types. */
export async function readStored(options: {
  readonly store: Awaited<ReturnType<typeof startTestSystem>>['store'];
  readonly connectionId: string;
  readonly types?: readonly string[] | undefined;
}): Promise<Map<string, string>> {
  const { store, connectionId } = options;
  const { types = await store.resources.listStoredTypes(connectionId) } = options;
  const lines = new Map<string, string>();
  for (const resourceType of types) {
    for await (const chunk of store.resourceSearch.streamNdjson({ connectionId, resourceType }))
      addLines(lines, chunk.toString());
  }
  return lines;
}

/** Adds the lines of an NDJSON text by the references of their resources. */
export function addLines(lines: Map<string, string>, ndjson: string): void {
  for (const line of ndjson.split('\n').filter(Boolean)) {
    const { resourceType, id } = JSON.parse(line) as { readonly resourceType: string; readonly id: string };
    lines.set(`${resourceType}/${id}`, line);
  }
}

/**
 * Registers a Bulk Data client with a new key.
 * @param options.ownKeys what the client keeps in its file, from its private and its public key
 * @returns its id, and its file
 */
export async function registerClient(
  { call, folder }: ServedSystem,
  options: {
    readonly name: string;
    readonly alg: 'RS384' | 'ES384';
    readonly ownKeys: (keys: { readonly privateKey: object; readonly publicKey: object }) => object;
  },
) {
  const { name, alg, ownKeys } = options;
  const pair = await generateKeyPair(alg, { extractable: true });
  const [publicKey, privateKey] = [
    { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg, key_ops: ['verify'] },
    { ...(await exportJWK(pair.privateKey)), kid: 'k1', alg, key_ops: ['sign'] },
  ];
  const { id } = await call<{ id: string }>('POST', '/api/ehr/clients', { name, jwks: { keys: [publicKey] } });
  // smart-fetch knows the kind of the file by this ending.
  const file = join(folder, 'key.jwks');
  await writeFile(file, JSON.stringify(ownKeys({ privateKey, publicKey })));
  return { id, file };
}

export type ServedSystem = Awaited<ReturnType<typeof startServedSystem>>;

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const isMet = await pollUntil(async () => (await condition()) || undefined, { timeoutMs: 60_000, intervalMs: 200 });
  if (!isMet) throw new Error(`This was not true within a minute: ${condition}`);
}
