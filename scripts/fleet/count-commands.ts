import { mongodbCommand, mongodbMessages } from '@bulkhead/embedded/mongodb-messages';
import { startTcpProxy } from '@bulkhead/embedded/tcp-proxy';

/** A proxy in front of MongoDB. `read` returns the commands that have passed it, such as `find schedules`, and how many bytes the server has answered. */
export async function startCountingProxy(url: string) {
  let commands: string[] = [];
  let bytes = 0;
  const proxy = await startTcpProxy(url, (inbound, outbound) => {
    const messages = mongodbMessages();
    inbound.on('data', (chunk: Buffer) => {
      commands.push(...messages(chunk).flatMap((message) => mongodbCommand(message) ?? []));
    });
    outbound.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    inbound.pipe(outbound).pipe(inbound);
  });
  /** What has passed since the last call. */
  const take = () => {
    const taken = { commands, bytes };
    [commands, bytes] = [[], 0];
    return taken;
  };
  return { ...proxy, take };
}
