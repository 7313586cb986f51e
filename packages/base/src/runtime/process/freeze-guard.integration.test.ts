import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const program = join(import.meta.dirname, '..', 'testing', 'freeze.process.ts');

async function run(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args]);
  const [output, [exitCode, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return {
    exitCode,
    signal,
    lines: output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

test('a process whose event loop is frozen logs this and is killed, so that its supervisor restarts it', async () => {
  const { signal, lines } = await run();
  expect(signal).toBe('SIGKILL');
  expect(lines).toEqual([
    expect.objectContaining({ level: 60, name: 'frozen', msg: 'event loop frozen, the process is killed' }),
  ]);
});

test('a process whose event loop was frozen only briefly continues and exits normally', async () => {
  expect(await run('brief')).toEqual({ exitCode: 0, signal: null, lines: [] });
});
