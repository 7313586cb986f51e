import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildProject, whyNoBuild } from './maven-project.ts';

const project = { folder: join(import.meta.dirname, '../interop/hapi'), name: 'a-server', downloads: '256 MB' };
let folder = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-maven-'));
  await mkdir(join(folder, 'bin'));
  env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function addCommand(name: string, script: string): Promise<void> {
  const file = join(folder, 'bin', name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** A script that replaces Maven: it creates what the build expects and records that it ran. */
const maven = () => `echo run >> ${folder}/runs
[ -f pom.xml ] || exit 1
/bin/mkdir -p target/classes && echo > ${folder}/some.jar
printf '%s' ${folder}/some.jar > target/classpath.txt`;
const build = () => buildProject({ project, env, progress: () => undefined });
const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1;

test('a project can be built with Java and Maven, and run with Java alone if a build exists', async () => {
  expect(whyNoBuild({ project, env })).toContain('no Java');
  await addCommand('java', 'exit 0');
  expect(whyNoBuild({ project, env })).toContain('no Maven');
  await addCommand('mvn', maven());
  expect(whyNoBuild({ project, env })).toBeUndefined();
  await build();
  await rm(join(folder, 'bin', 'mvn'));
  expect(whyNoBuild({ project, env })).toBeUndefined();
});

test('a project is built once, and again if a dependency is missing in the repository of Maven', async () => {
  await addCommand('mvn', maven());
  const [first, second] = await Promise.all([build(), build()]);
  expect(second).toEqual(first);
  expect(await runs()).toBe(1);
  await rm(join(folder, 'some.jar'));
  expect(await build()).toEqual(first);
  expect(await runs()).toBe(2);
});

test('a failed build reports the last lines of Maven, and leaves no incomplete build', async () => {
  await addCommand('mvn', 'echo "Could not transfer artifact: Unknown host repo.maven.apache.org"; exit 1');
  await expect(build()).rejects.toThrow(/Maven failed.*\n.*Unknown host/);
  const fileNames = await readdir(join(folder, 'bulkhead', 'a-server'));
  expect(fileNames.filter((name) => !name.startsWith('build.lock'))).toEqual([]);
});
