import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LocalServer, startLocalServer } from '@bulkhead/embedded/local-server';
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
 *
 * @returns the server with its FHIR base URL
 */
export async function startBulkFileServer(resources: readonly SourceResource[]): Promise<LocalServer> {
  const linesByType = Map.groupBy(resources, ({ type }) => type);
  const transactionTime = new Date().toISOString();

  const capabilities = () => ({
    resourceType: 'CapabilityStatement',
    ...{ status: 'active', date: transactionTime, kind: 'instance', fhirVersion: '4.0.1', format: ['json'] },
    rest: [{ mode: 'server', resource: [...linesByType.keys()].map((type) => ({ type })) }],
  });
  const manifest = () => ({
    transactionTime,
    request: `${server.url}/fhir/$export`,
    requiresAccessToken: false,
    output: [...linesByType].map(([type, lines]) => ({
      type,
      url: `${server.url}/files/${type}.ndjson`,
      count: lines.length,
    })),
    deleted: [{ type: 'Bundle', url: `${server.url}/deleted.ndjson`, count: 1 }],
    error: [],
  });

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', server.url);
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === '/fhir/metadata') return json(capabilities());
    if (pathname === '/fhir/$export')
      return response.writeHead(202, { 'content-location': `${server.url}/status` }).end();
    if (pathname === '/status' && request.method === 'DELETE') return response.writeHead(202).end();
    if (pathname === '/status') return json(manifest());
    if (pathname === '/deleted.ndjson') return ndjson(response, [JSON.stringify(deletion)]);
    const lines = linesByType.get(/^\/files\/([A-Za-z]+)\.ndjson$/.exec(pathname)?.[1] ?? '');
    if (!lines) return response.writeHead(404).end();
    return ndjson(
      response,
      lines.map(({ text }) => text),
    );
  };

  const server = await startLocalServer(answer);
  return { ...server, url: `${server.url}/fhir` };
}

function ndjson(response: ServerResponse, lines: readonly string[]): ServerResponse {
  const text = lines.map((line) => `${line}\n`).join('');
  return response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).end(text);
}
