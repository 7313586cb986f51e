import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StatusServer {
  readonly origin: string;
  /** Since the last call: how many polls and downloads came, and for each poll after the first the time since the one before. */
  take(): { readonly polls: number; readonly downloads: number; readonly gapsMs: readonly number[] };
  stop(): Promise<void>;
}

const line = (id: number) =>
  `${JSON.stringify({ resourceType: 'Patient', id: `p-${id}`, meta: { versionId: '1' } })}\n`;

/** An EHR whose exports never end, and whose files are two lines. */
export async function serveStatuses({
  retryAfterSeconds,
}: {
  readonly retryAfterSeconds: number;
}): Promise<StatusServer> {
  const lastAt = new Map<string, number>();
  let taken = { polls: 0, downloads: 0, gapsMs: [] as number[] };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (!path.includes('/bulkstatus/')) {
      taken.downloads += 1;
      return response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).end(line(1) + line(2));
    }
    const now = performance.now();
    const last = lastAt.get(path);
    if (last !== undefined) taken.gapsMs.push(now - last);
    lastAt.set(path, now);
    taken.polls += 1;
    return response.writeHead(202, { 'retry-after': String(retryAfterSeconds), 'x-progress': 'exporting' }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const given = taken;
      taken = { polls: 0, downloads: 0, gapsMs: [] };
      return given;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
