import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheFolder, EmbeddedError, findOnPath, spawnTethered, waitForLock } from '@bulkhead/embedded';

/** The sources of the server, a Maven project. */
const project = join(import.meta.dirname, '..', 'hapi');
/** A first build downloads 256 MB. The limit ends a build whose registry does not answer. */
const buildTimeoutMs = 10 * 60_000;
const keptLines = 15;

/** @returns the reason why this machine cannot build the server, or undefined */
export function whyNoHapi(env: NodeJS.ProcessEnv): string | undefined {
  if (!findOnPath({ command: 'java', env })) return 'there is no Java on PATH (17 or newer is needed)';
  if (readBuilt(env)) return undefined;
  return findOnPath({ command: 'mvn', env }) ? undefined : 'there is no Maven (mvn) on PATH';
}

/**
 * Builds the server, unless the cache folder has a build of the same sources. The dependencies stay in Maven's own
 * repository.
 *
 * @returns the class path for `java -cp`
 * @throws EmbeddedError with Maven's last lines, for example if the registry cannot be reached
 */
export async function buildHapi(env: NodeJS.ProcessEnv, progress: (text: string) => void): Promise<string> {
  const ready = readBuilt(env);
  if (ready) return ready;
  const { root, built } = paths(env);
  await mkdir(root, { recursive: true });
  const lock = await waitForLock({
    file: join(root, 'build.lock'),
    onWait: (owner) => progress(`process ${owner} is building the server`),
  });
  try {
    const builtMeanwhile = readBuilt(env);
    if (builtMeanwhile) return builtMeanwhile;
    progress('building the server with Maven; the first time this downloads 256 MB');
    const folder = await mkdtemp(join(root, 'building-'));
    try {
      await cp(project, folder, { recursive: true });
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
  const result = readBuilt(env);
  if (result) return result;
  throw new EmbeddedError({
    code: 'COMMAND_FAILED',
    message: `Maven reported success, but ${built} has no complete build of the server. Remove that folder and try again.`,
  });
}

/** The folder name contains a hash of the sources, so changed sources lead to a new build. */
function paths(env: NodeJS.ProcessEnv): { readonly root: string; readonly built: string } {
  const root = join(cacheFolder(env), 'interop-hapi');
  const sum = createHash('sha256');
  const files = globSync('**', { cwd: project }).filter((path) => statSync(join(project, path)).isFile());
  for (const path of files.sort()) sum.update(`${path}\0`).update(readFileSync(join(project, path)));
  return { root, built: join(root, sum.digest('hex').slice(0, 16)) };
}

/** Returns the class path; undefined if there is no build, or if a dependency is missing in Maven's repository. */
function readBuilt(env: NodeJS.ProcessEnv): string | undefined {
  const target = join(paths(env).built, 'target');
  const list = join(target, 'classpath.txt');
  if (!existsSync(list)) return undefined;
  const jars = readFileSync(list, 'utf8').trim().split(delimiter);
  if (!jars.every((jar) => existsSync(jar))) return undefined;
  return [join(target, 'classes'), ...jars].join(delimiter);
}

async function runMaven(env: NodeJS.ProcessEnv, folder: string): Promise<void> {
  const lines: string[] = [];
  const goals = ['compile', 'dependency:build-classpath', '-Dmdep.outputFile=target/classpath.txt'];
  const maven = await spawnTethered({
    command: 'mvn',
    args: ['--quiet', '--batch-mode', ...goals],
    env,
    cwd: folder,
    output: {
      onLine: (line) => {
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
      },
    },
  });
  const stopped = new AbortController();
  const timeout = delay(buildTimeoutMs, 'timeout' as const, { signal: stopped.signal }).catch(() => undefined);
  const end = await Promise.race([maven.exited, timeout]);
  stopped.abort();
  if (end === 'timeout') await maven.stop();
  else if (end?.code === 0) return;
  const what = end === 'timeout' ? `did not finish within ${buildTimeoutMs / 60_000} minutes` : 'failed';
  throw new EmbeddedError({
    code: 'COMMAND_FAILED',
    message: `Maven ${what}. It needs Maven Central, or a mirror of it, once. Its last lines:\n${lines.join('\n')}`,
  });
}
