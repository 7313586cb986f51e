import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** What clients have sent through a proxy, and how much the server has answered. */
export interface Traffic {
  readonly commands: number;
  readonly bytes: number;
}

/** A proxy in front of MongoDB that counts commands. Each is a message that begins with its length, in four bytes. */
export async function startCountingProxy(url: string) {
  const counts = { commands: 0, bytes: 0 };
  const { hostname, port } = new URL(url);
  const server = createServer((inbound) => {
    const outbound = connect(Number(port), hostname);
    for (const socket of [inbound, outbound]) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        inbound.destroy();
        outbound.destroy();
      });
    }
    // How much of the current message is still to come, and the bytes of a length that came in parts.
    let [left, head] = [0, Buffer.alloc(0)];
    inbound.on('data', (chunk: Buffer) => {
      let rest = Buffer.concat([head, chunk]);
      head = Buffer.alloc(0);
      while (rest.length > 0) {
        if (left === 0) {
          if (rest.length < 4) {
            head = rest;
            break;
          }
          left = rest.readInt32LE(0);
          counts.commands += 1;
        }
        const taken = Math.min(left, rest.length);
        left -= taken;
        rest = rest.subarray(taken);
      }
    });
    outbound.on('data', (chunk: Buffer) => {
      counts.bytes += chunk.length;
    });
    inbound.pipe(outbound).pipe(inbound);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: own.href, read: (): Traffic => ({ ...counts }), close: () => void server.close() };
}
