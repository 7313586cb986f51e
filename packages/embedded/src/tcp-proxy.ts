import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  /** The URL of the server, with the address of the proxy. */
  readonly url: string;
  /** Closes every connection and rejects new ones. */
  close(): Promise<void>;
  open(): Promise<void>;
}

/** Passes on what the two sides of a connection send. */
type Relay = (inbound: Socket, outbound: Socket) => void;

/**
 * Starts a proxy in front of a server, by its URL. Users of the proxy's URL cannot reach the server while the proxy is closed.
 * @param relay default: everything is passed on
 */
export async function startTcpProxy(
  serverUrl: string,
  relay: Relay = (inbound, outbound) => void inbound.pipe(outbound).pipe(inbound),
): Promise<TcpProxy> {
  const { hostname, port } = new URL(serverUrl);
  const url = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const server = createServer((inbound) => {
    const outbound = connect(Number(port), hostname);
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      // If one of the sockets ends, the other one is closed. Every error is followed by a close event.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        inbound.destroy();
        outbound.destroy();
      });
    }
    relay(inbound, outbound);
  });
  const listen = async (freePort: number) => {
    server.listen(freePort, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: url.href, open: () => listen(Number(url.port)), close, [Symbol.asyncDispose]: close };
}
