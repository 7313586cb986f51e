import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { freePort } from './free-port.ts';

it('takes the next free port and says so, or the wanted one without a word', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port: wanted } = taken.address() as AddressInfo;
  const next = await freePort({ wanted });
  expect(next.port).toBeGreaterThan(wanted);
  expect(next.note).toBe(`port ${wanted} is taken, using ${next.port}`);
  taken.close();
  await once(taken, 'close');
  expect(await freePort({ wanted })).toEqual({ port: wanted });
});
