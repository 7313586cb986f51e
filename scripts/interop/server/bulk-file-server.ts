import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SourceResource } from '../data/find-data.ts';

export interface BulkFileServer {
  /** The FHIR base URL. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * The smallest server that a bulk export needs: a kick-off for every type, a status, and the published lines without
 * any change. HAPI parses a resource and serializes it again, so it cannot show that Bulkhead keeps a text unchanged.
 */
export async function startBulkFileServer(resources: readonly SourceResource[]): Promise<BulkFileServer> {
  const linesByType = Map.groupBy(resources, ({ type }) => type);
  const transactionTime = new Date().toISOString();
  const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const capabilities = () => ({
    resourceType: 'CapabilityStatement',
    ...{ status: 'active', date: transactionTime, kind: 'instance', fhirVersion: '4.0.1', format: ['json'] },
    rest: [{ mode: 'server', resource: [...linesByType.keys()].map((type) => ({ type })) }],
  });
  const manifest = () => ({
    transactionTime,
    request: `${baseUrl()}/fhir/$export`,
    requiresAccessToken: false,
    output: [...linesByType].map(([type, lines]) => ({
      type,
      url: `${baseUrl()}/files/${type}.ndjson`,
      count: lines.length,
    })),
    error: [],
  });

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', baseUrl());
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === '/fhir/metadata') return json(capabilities());
    if (pathname === '/fhir/$export')
      return response.writeHead(202, { 'content-location': `${baseUrl()}/status` }).end();
    if (pathname === '/status' && request.method === 'DELETE') return response.writeHead(202).end();
    if (pathname === '/status') return json(manifest());
    const lines = linesByType.get(/^\/files\/([A-Za-z]+)\.ndjson$/.exec(pathname)?.[1] ?? '');
    if (!lines) return response.writeHead(404).end();
    const text = lines.map((line) => `${line.text}\n`).join('');
    return response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).end(text);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${baseUrl()}/fhir`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
