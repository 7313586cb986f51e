import type { Handler, ReceivedRequest } from '@bulkhead/testing';

export interface ServedFile {
  readonly bytes: Buffer;
  readonly type?: string;
  /** Without it, no download can be resumed. */
  readonly etag?: string;
  /** The next answers are reset, each after the given number of bytes. */
  readonly resets?: number[];
  /** Called before a reset. A client loses what it has received and not read, so a test waits here until it has been read. */
  readonly beforeReset?: () => Promise<unknown>;
}

/** Serves a file, also in ranges, and can reset connections. */
export function fileRoute(file: ServedFile): Handler {
  return async (request, response) => {
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
  };
}

function firstByte({ headers }: ReceivedRequest, { etag }: ServedFile): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  return start === undefined || headers['if-range'] !== etag ? undefined : Number(start);
}
