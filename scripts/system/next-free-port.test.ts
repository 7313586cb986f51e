import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { expect, it } from '@jest/globals';
import { nextFreePort } from './next-free-port.ts';

it('nextFreePort returns the wanted port, or the next one if that is taken', async () => {
  const occupied = await startScriptedServer(() => undefined);
  const port = Number(new URL(occupied.url).port);
  const next = await nextFreePort({ wanted: port });
  expect(next).toBeGreaterThan(port);
  await occupied.stop();
  expect(await nextFreePort({ wanted: port })).toBe(port);
});
