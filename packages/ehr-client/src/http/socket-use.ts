import type { Socket } from 'node:net';
import type { AxiosResponse } from 'axios';

/** Whether the request waited for a connection of its own, see `Grant.settle`. */
export function madeConnection({ request }: AxiosResponse): boolean {
  return request?.reusedSocket === false;
}

/**
 * What came in since the last look, by socket: requests follow each other on one. The streams themselves are not touched,
 * so a file of gigabytes costs two looks.
 */
export function createReceivedBytes(): (socket: Socket | null | undefined) => number {
  const seen = new WeakMap<Socket, number>();
  return (socket) => {
    if (!socket) return 0;
    const { bytesRead } = socket;
    const bytes = bytesRead - (seen.get(socket) ?? 0);
    seen.set(socket, bytesRead);
    return bytes;
  };
}
