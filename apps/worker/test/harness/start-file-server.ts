import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  readonly bytes: Buffer;
  readonly type?: string;
  /** Left out: no validator, so that nothing can be resumed. */
  readonly etag?: string;
  /** The next answers are reset after so many bytes each. */
  readonly resets?: number[];
  /** What a client has received and not yet read is lost with a reset, so a test waits until it has been. */
  readonly beforeReset?: () => Promise<unknown>;
}

export interface FileServer {
  readonly origin: string;
  readonly files: Map<string, ServedFile>;
  /** What was asked for, in order. */
  readonly requests: { readonly path: string; readonly range: string | undefined; readonly authorized: boolean }[];
  stop(): Promise<void>;
}

/** Another origin than the EHR's, where attachments can be: with ranges, and with connections that break. */
export async function startFileServer(): Promise<FileServer> {
  const files: FileServer['files'] = new Map();
  const requests: FileServer['requests'] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    requests.push({ path, range: request.headers.range, authorized: request.headers.authorization !== undefined });
    const file = files.get(path);
    if (!file) return response.writeHead(404).end();
    const start = firstByte(request, file);
    const { length } = file.bytes;
    response.writeHead(start === undefined ? 200 : 206, {
      'content-type': file.type ?? 'application/pdf',
      'content-length': length - (start ?? 0),
      ...(file.etag === undefined ? {} : { etag: file.etag }),
      ...(start === undefined ? {} : { 'content-range': `bytes ${start}-${length - 1}/${length}` }),
    });
    const reset = file.resets?.shift();
    if (reset === undefined) return response.end(file.bytes.subarray(start ?? 0));
    response.write(file.bytes.subarray(start ?? 0, (start ?? 0) + reset));
    await file.beforeReset?.();
    return response.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function firstByte({ headers }: IncomingMessage, { etag }: ServedFile): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  return start === undefined || headers['if-range'] !== etag ? undefined : Number(start);
}
