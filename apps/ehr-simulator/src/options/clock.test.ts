import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { blockEventLoop, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystemClock } from './clock.ts';

test('the system clock reports the lateness of a request that arrived while the process was blocked', async () => {
  const clock = startSystemClock();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  try {
    // The request is observed before the timers run again, and when node reads the socket.
    const seenNext = () => new Promise<void>((resolve) => setImmediate(resolve));
    const seenBySocket = async () => {
      client.write('request');
      await once(socket, 'data');
    };
    for (const observe of [seenNext, seenBySocket]) {
      await waitFor(() => clock.lateness() === 0);
      const isSeen = observe().then(() => clock.lateness());
      blockEventLoop(300);
      expect(await isSeen).toBeGreaterThanOrEqual(300);
    }
    await waitFor(() => clock.lateness() === 0);
  } finally {
    clock.stop();
    client.destroy();
    server.close();
  }
});
