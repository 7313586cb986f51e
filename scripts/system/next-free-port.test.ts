import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { nextFreePort } from './next-free-port.ts';

it('nextFreePort returns the wanted port, or the next one if that is taken', async () => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  const { port } = occupied.address() as AddressInfo;
  const next = await nextFreePort({ wanted: port });
  expect(next).toBeGreaterThan(port);
  occupied.close();
  await once(occupied, 'close');
  expect(await nextFreePort({ wanted: port })).toBe(port);
});
