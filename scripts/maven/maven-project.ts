import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder, EmbeddedError, findOnPath, runCommand, waitForLock } from '@bulkhead/embedded';

/** A first build can download 256 MB. The limit ends a build whose registry does not answer. */
const buildTimeoutMs = 10 * 60_000;

/** A Java program of the tests, whose dependencies come from Maven Central. */
export interface MavenProject {
  /** The folder with the pom.xml and the sources. */
  readonly folder: string;
  /** The name of its folder in the cache. */
  readonly name: string;
  /** What its dependencies are, such as `256 MB`. */
  readonly downloads: string;
}

interface Build {
  readonly project: MavenProject;
  readonly env: NodeJS.ProcessEnv;
}

/** @returns the reason why this machine cannot build the project, or undefined */
export function whyNoBuild(build: Build): string | undefined {
  const { env } = build;
  if (!findOnPath({ command: 'java', env })) return 'there is no Java on PATH (17 or newer is needed)';
  if (readBuilt(build)) return undefined;
  return findOnPath({ command: 'mvn', env }) ? undefined : 'there is no Maven (mvn) on PATH';
}

/**
 * Builds a project, unless the cache folder has a build of the same sources. The dependencies stay in Maven's own
 * repository.
 *
 * @returns the class path for `java -cp`
 * @throws EmbeddedError with Maven's last lines, for example if the registry cannot be reached
 */
export async function buildProject(options: Build & { readonly progress: (text: string) => void }): Promise<string> {
  const { project, env, progress } = options;
  const { name, downloads } = project;
  const ready = readBuilt(options);
  if (ready) return ready;
  const { root, built } = paths(options);
  await mkdir(root, { recursive: true });
  const lock = await waitForLock({
    file: join(root, 'build.lock'),
    onWait: (owner) => progress(`process ${owner} is building ${name}`),
  });
  try {
    const builtMeanwhile = readBuilt(options);
    if (builtMeanwhile) return builtMeanwhile;
    progress(`building ${name} with Maven; the first time this downloads ${downloads}`);
    const folder = await mkdtemp(join(root, 'building-'));
    try {
      await cp(project.folder, folder, { recursive: true });
      await runMaven(env, folder);
      await rm(built, { recursive: true, force: true });
      // Only a complete build has the final name.
      await rename(folder, built);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
  const result = readBuilt(options);
  if (result) return result;
  throw new EmbeddedError({
    code: 'COMMAND_FAILED',
    message: `Maven reported success, but ${built} has no complete build of ${name}. Remove that folder and try again.`,
  });
}

/** Builds a project for a test. An unreachable registry skips the test unless INTEROP_REQUIRED is set. */
export async function buildForTest(
  build: Build,
): Promise<{ readonly classPath: string } | { readonly missing: string }> {
  const missing = whyNoBuild(build);
  if (missing !== undefined) return { missing };
  try {
    return { classPath: await buildProject({ ...build, progress: () => undefined }) };
  } catch (error) {
    if (build.env.INTEROP_REQUIRED) throw error;
    return { missing: `it could not be built: ${error instanceof Error ? error.message : error}` };
  }
}

/** The folder name contains a hash of the sources, so changed sources lead to a new build. */
function paths({ project: { folder, name }, env }: Build): { readonly root: string; readonly built: string } {
  const root = join(cacheFolder(env), name);
  const sum = createHash('sha256');
  const files = globSync('**', { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());
  for (const path of files.sort()) sum.update(`${path}\0`).update(readFileSync(join(folder, path)));
  return { root, built: join(root, sum.digest('hex').slice(0, 16)) };
}

/** Returns the class path; undefined if there is no build, or if a dependency is missing in Maven's repository. */
function readBuilt(build: Build): string | undefined {
  const target = join(paths(build).built, 'target');
  const list = join(target, 'classpath.txt');
  if (!existsSync(list)) return undefined;
  const jars = readFileSync(list, 'utf8').trim().split(delimiter);
  if (!jars.every((jar) => existsSync(jar))) return undefined;
  return [join(target, 'classes'), ...jars].join(delimiter);
}

async function runMaven(env: NodeJS.ProcessEnv, cwd: string): Promise<void> {
  const goals = ['compile', 'dependency:build-classpath', '-Dmdep.outputFile=target/classpath.txt'];
  try {
    const args = ['--quiet', '--batch-mode', ...goals];
    await runCommand({ command: 'mvn', args, env, cwd, timeoutMs: buildTimeoutMs });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const minutes = buildTimeoutMs / 60_000;
    throw new EmbeddedError({
      code: 'COMMAND_FAILED',
      message: `Maven failed. It needs Maven Central, or a mirror of it, once, and has ${minutes} minutes. ${why}`,
    });
  }
}
