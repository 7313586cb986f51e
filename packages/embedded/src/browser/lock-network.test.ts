import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { lockNetwork } from './lock-network.ts';

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-lock-'));
afterAll(() => rm(folder, { recursive: true }));

test('many programs browse at a time, and one that changes addresses waits for them and keeps others out', async () => {
  const file = join(folder, 'network.lock');
  const events: string[] = [];
  const lock = async (name: string, use: Parameters<typeof lockNetwork>[0]) => {
    const { release } = await lockNetwork(use, { file });
    events.push(`${name} starts`);
    return () => {
      events.push(`${name} ends`);
      release();
    };
  };
  const endFirst = await lock('first browser', 'browse');
  const endSecond = await lock('second browser', 'browse');
  const changing = lock('container', 'change addresses');
  endFirst();
  await new Promise((resolve) => setTimeout(resolve, 600));
  endSecond();
  const endChange = await changing;
  const browsing = lock('third browser', 'browse');
  await new Promise((resolve) => setTimeout(resolve, 100));
  endChange();
  (await browsing)();
  expect(events).toEqual([
    ...['first browser starts', 'second browser starts', 'first browser ends', 'second browser ends'],
    ...['container starts', 'container ends', 'third browser starts', 'third browser ends'],
  ]);
});
