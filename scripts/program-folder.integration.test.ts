import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';

const module = join(import.meta.dirname, 'program-folder.ts');

/** Runs a program that makes a folder and prints its path. @returns its exit code, the path, and whether the folder still exists */
async function run(source: string, { isInterrupted = false } = {}) {
  const { promise: printed, resolve } = Promise.withResolvers<string>();
  const program = await spawnTethered({
    command: process.execPath,
    args: [
      '--input-type=module',
      '--eval',
      `import { makeProgramFolder } from ${JSON.stringify(module)};
      import { writeFileSync } from 'node:fs';
      const { path, keep } = makeProgramFolder('test');
      writeFileSync(path + '/file', '');
      console.log(path);
      ${source}`,
    ],
    output: { onLine: resolve },
  });
  const path = await printed;
  if (isInterrupted) await program.stop();
  const { code } = await program.exited;
  const isThere = existsSync(path);
  rmSync(path, { recursive: true, force: true });
  return { code, isThere };
}

test('the folder of a program is removed when the program ends', async () => {
  expect(await run('process.exit(0)')).toEqual({ code: 0, isThere: false });
});

test('the folder of a program is removed after an error that nothing catches', async () => {
  expect(await run('throw new Error("fault")')).toEqual({ code: 1, isThere: false });
});

test('the folder of a program is removed at a signal', async () => {
  expect(await run('setInterval(() => undefined, 1000)', { isInterrupted: true })).toEqual({
    code: 130,
    isThere: false,
  });
});

test('the folder of a program stays if the program keeps it for its user', async () => {
  expect(await run('keep()')).toEqual({ code: 0, isThere: true });
});
