import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export type LocalServer = Awaited<ReturnType<typeof startLocalServer>>;

/** Starts a server on a free port of this machine. */
export async function startLocalServer(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** Scheme, host and port. */
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Closes the server and all connections. */
    async stop(): Promise<void> {
      if (!server.listening) return;
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
