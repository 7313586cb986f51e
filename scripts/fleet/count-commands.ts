import { mongodbMessages } from '@bulkhead/embedded/mongodb-messages';
import { startTcpProxy } from '@bulkhead/embedded/tcp-proxy';

/** A proxy in front of MongoDB. `read` returns how many commands have passed it, and how many bytes the server has answered. */
export async function startCountingProxy(url: string) {
  const counts = { commands: 0, bytes: 0 };
  const proxy = await startTcpProxy(url, (inbound, outbound) => {
    const messages = mongodbMessages();
    inbound.on('data', (chunk: Buffer) => {
      counts.commands += messages(chunk).length;
    });
    outbound.on('data', (chunk: Buffer) => {
      counts.bytes += chunk.length;
    });
    inbound.pipe(outbound).pipe(inbound);
  });
  return { ...proxy, read: () => ({ ...counts }) };
}
