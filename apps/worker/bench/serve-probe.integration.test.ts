import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let child: ChildProcess;
beforeEach(async () => {
  child = fork(join(import.meta.dirname, 'counting.probe.ts'), {
    execArgv: ['--conditions=@bulkhead/source'],
    serialization: 'advanced',
  });
  // It says that it is there.
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

test('a probe does the work that it is told to, and answers with what was counted and used', async () => {
  const { seconds, cpuSeconds, ...counted } = await measure('count', 3);
  expect(counted).toEqual({ units: 3, details: { prepared: 1 } });
  expect([seconds > 0, cpuSeconds >= 0]).toEqual([true, true]);
});

test('work that fails, or is not there, is an answer too, and the probe goes on', async () => {
  expect((await measure('fail')).error).toContain('no luck');
  expect((await measure('nothing')).error).toContain('there is no such work');
  expect((await measure('count', 1)).units).toBe(1);
});

test('a probe ends with whoever started it', async () => {
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});
