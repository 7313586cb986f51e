import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { nextFreePort } from './next-free-port.ts';

it('nextFreePort returns the wanted port, or the next one if that is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port: wanted } = taken.address() as AddressInfo;
  const next = await nextFreePort({ wanted });
  expect(next).toBeGreaterThan(wanted);
  taken.close();
  await once(taken, 'close');
  expect(await nextFreePort({ wanted })).toBe(wanted);
});
