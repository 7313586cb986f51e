import type { Script } from '@bulkhead/embedded/scripted-server';
import type { SourceResource } from '../data/find-data.ts';

/** A Patient that every manifest lists as deleted. HAPI lists no deletions. */
export const deletedPatientId = 'deleted';
const deletion = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [{ request: { method: 'DELETE', url: `Patient/${deletedPatientId}` } }],
};

/**
 * The smallest server that a bulk export needs: a kick-off for every type, a status, and the published lines without
 * any change. HAPI parses a resource and serializes it again, so it cannot show that Bulkhead keeps a text unchanged.
 * Its FHIR base is `/fhir`.
 */
export function bulkFileRoutes(resources: readonly SourceResource[]): Script {
  const linesByType = Map.groupBy(resources, ({ type }) => type);
  const transactionTime = new Date().toISOString();
  const capabilities = {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: transactionTime,
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [{ mode: 'server', resource: [...linesByType.keys()].map((type) => ({ type })) }],
  };
  const manifest = (origin: string) => ({
    transactionTime,
    request: `${origin}/fhir/$export`,
    requiresAccessToken: false,
    output: [...linesByType].map(([type, lines]) => ({
      type,
      url: `${origin}/files/${type}.ndjson`,
      count: lines.length,
    })),
    deleted: [{ type: 'Bundle', url: `${origin}/deleted.ndjson`, count: 1 }],
    error: [],
  });
  const files = [...linesByType].map(([type, lines]) => {
    return [`/files/${type}.ndjson`, lines.map(({ text }) => `${text}\n`).join('')] as const;
  });
  return {
    '/fhir/metadata': { body: capabilities },
    '/fhir/$export': ({ headers }) => ({
      status: 202,
      headers: { 'content-location': `http://${headers.host}/status` },
    }),
    '/status': ({ headers }) => ({ body: manifest(`http://${headers.host}`) }),
    'DELETE /status': { status: 202 },
    '/deleted.ndjson': `${JSON.stringify(deletion)}\n`,
    ...Object.fromEntries(files),
  };
}
