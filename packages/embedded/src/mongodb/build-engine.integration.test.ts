import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openServiceHome } from '../data/open-data-folder.ts';
import { fakeCommands } from '../fake-commands.fixture.ts';
import { until } from '../until.fixture.ts';
import { buildEngine, enginePaths } from './build-engine.ts';

// Records in a file that it builds, runs until another file exists, and then installs something executable. It never outlives its
// test, which removes the first of these files.
const CARGO = `
echo $$ >> "$BUILDS"
while [ $# -gt 0 ]; do [ "$1" = --root ] && root=$2; shift; done
echo "    Building [=>  ] 1/2: wiredtiger" >&2
echo part >> "$CARGO_TARGET_DIR.parts"
while [ ! -e "$GO_ON" ]; do [ -e "$BUILDS" ] || exit 1; /bin/sleep 0.05; done
/bin/mkdir -p "$root/bin" && /bin/cp /bin/true "$root/bin/secantusd-rs"`;

let folder = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
  const PATH = await fakeCommands({ cargo: CARGO });
  env = {
    ...process.env,
    PATH,
    XDG_CACHE_HOME: folder,
    BUILDS: join(folder, 'builds'),
    GO_ON: join(folder, 'go-on'),
  };
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(env.PATH as string, { recursive: true, force: true });
});

async function startBuild() {
  const messages: string[] = [];
  const home = await openServiceHome({ folder: join(folder, 'home'), kept: true });
  const print = (text: string) => void messages.push(text);
  return { said: messages, result: buildEngine({ env, home, progress: print, note: print }, { reportEveryMs: 20 }) };
}
const builds = async () => (await readFile(env.BUILDS as string, 'utf8').catch(() => '')).split('\n').length - 1;
const continueBuild = () => writeFile(env.GO_ON as string, '');

it('buildEngine builds once for two callers, and the second reports that it waits', async () => {
  const first = await startBuild();
  await until(async () => (await builds()) === 1);
  const second = await startBuild();
  await until(() => second.said.length > 0);
  expect(second.said[0]).toBe(`process ${process.pid} is already building the engine. Waiting for that build`);
  await continueBuild();
  expect([await first.result, await second.result]).toEqual(['built', 'built by another process']);
  expect(await builds()).toBe(1);
  expect(first.said).toContain('building the database engine: 1/2 parts built, now wiredtiger');
});

it('buildEngine reports how long it has taken, also while one part is built', async () => {
  const { said, result } = await startBuild();
  const again = /^building the database engine: 1\/2 parts built, now wiredtiger, \d+ s so far$/;
  await until(() => said.filter((text) => again.test(text)).length >= 2);
  await continueBuild();
  expect(await result).toBe('built');
});

it('buildEngine takes over from a builder that was killed with -9, continues with its files and removes them', async () => {
  const module = fileURLToPath(new URL('./build-engine.ts', import.meta.url));
  const code = `
      import { buildEngine } from ${JSON.stringify(module)};
      await buildEngine({ env: process.env, progress: () => undefined, note: () => undefined });`;
  // The compiler of the killed builder runs until its guardian ends it. It must not continue and write files meanwhile.
  const stuckEnv = { ...env, GO_ON: join(folder, 'never') };
  const builder = spawn(process.execPath, ['--input-type=module', '-e', code], { env: stuckEnv, stdio: 'inherit' });
  await until(async () => (await builds()) === 1);
  const waiting = await startBuild();
  await until(() => waiting.said.length > 0);
  builder.kill('SIGKILL');
  await once(builder, 'exit');
  await until(async () => (await builds()) === 2);
  expect(waiting.said).toContain('the other process did not finish its build, so this process builds the engine');
  const { root, installed, building } = enginePaths(env);
  await until(async () => (await readFile(join(building, 'target.parts'), 'utf8')) === 'part\npart\n');
  await continueBuild();
  expect(await waiting.result).toBe('built');
  expect((await readdir(root)).filter((name) => name.startsWith('building-'))).toEqual([]);
  expect(await readdir(join(installed, 'bin'))).toEqual(['secantusd-rs']);
});

it('buildEngine reports a failed build with the last lines of the compiler and removes its files', async () => {
  await rm(env.PATH as string, { recursive: true });
  env.PATH = await fakeCommands({ cargo: 'echo "error: no space left on device" >&2; exit 101' });
  await expect((await startBuild()).result).rejects.toThrow(
    /cargo install ended with code 101.*\nerror: no space left/,
  );
  expect((await readdir(enginePaths(env).root)).filter((name) => !name.startsWith('build.lock'))).toEqual([]);
});
