import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let child: ChildProcess;
beforeEach(async () => {
  child = fork(join(import.meta.dirname, 'counting.probe.ts'), { serialization: 'advanced' });
  // The probe sends a message when it is ready.
  await once(child, 'message');
});
afterEach(async () => {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
});

async function measure(name: string, argument?: unknown) {
  child.send({ name, argument });
  const [answer] = await once(child, 'message');
  return answer;
}

test('a probe does the requested work and sends what it counted and used', async () => {
  const { seconds, cpuSeconds, ...counted } = await measure('count', 3);
  expect(counted).toEqual({ units: 3, details: { prepared: 1 } });
  expect([seconds > 0, cpuSeconds >= 0]).toEqual([true, true]);
});

test('a probe reports work that fails or is unknown, and continues to serve', async () => {
  expect((await measure('fail')).error).toContain('no luck');
  expect((await measure('nothing')).error).toContain('unknown work');
  expect((await measure('count', 1)).units).toBe(1);
});

test('a probe ends when its parent process disconnects', async () => {
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});
