import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DataFile } from './make-data.ts';

export interface FileServer {
  readonly origin: string;
  readonly files: readonly (DataFile & { readonly url: string })[];
  stop(): Promise<void>;
}

/** Files from memory, compressed beforehand: whatever downloads them is measured, not who serves them. */
export async function serveFiles(files: readonly DataFile[]): Promise<FileServer> {
  const bodies = new Map(files.map(({ path }, index) => [`/${index}.ndjson`, readFileSync(path)]));
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? '');
    if (!body) return response.writeHead(404).end();
    const headers = { 'content-type': 'application/fhir+ndjson', 'content-encoding': 'gzip' };
    return response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    files: files.map((file, index) => ({ ...file, url: `${origin}/${index}.ndjson` })),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
