import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The CONNECT requests, in order. */
  readonly requests: { readonly target: string; readonly headers: IncomingHttpHeaders }[];
}

/**
 * Starts a forward proxy with the CONNECT method (RFC 9110, section 9.3.6).
 * @param answer 200 opens a tunnel to the target on this machine. Any other status refuses it, and `nothing` leaves it unanswered.
 * @param port on this machine that all tunnels lead to, instead of those of their targets
 */
export async function startConnectProxy(answer: number | 'nothing' = 200, port?: number): Promise<ConnectProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // Every error is followed by a close event.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const requests: ConnectProxy['requests'] = [];
  const server = createServer();
  server.on('connection', keep);
  server.on('connect', ({ url = '', headers }, inbound) => {
    requests.push({ target: url, headers });
    if (answer === 'nothing') return;
    if (answer !== 200) return inbound.end(`HTTP/1.1 ${answer} Refused\r\n\r\n`);
    const outbound = connect(port ?? Number(url.split(':').at(-1)), '127.0.0.1', () => {
      inbound.write('HTTP/1.1 200 Connection established\r\n\r\n');
      inbound.pipe(outbound).pipe(inbound);
    });
    keep(outbound);
    inbound.once('close', () => outbound.destroy());
    outbound.once('close', () => inbound.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
