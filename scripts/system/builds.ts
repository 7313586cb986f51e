import { execFile } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { waitForLock } from '@bulkhead/embedded';

export const root = join(import.meta.dirname, '..', '..');
const consoleFolder = join(root, 'apps', 'console');
const workerFolder = join(root, 'apps', 'worker');
const lockFolder = join(root, 'node_modules', '.cache', 'build-locks');

/**
 * For NODE_COMPILE_CACHE: sources without their types. A process that uses it starts faster and needs 20 MB less
 * memory.
 */
export const compileCache = join(root, 'node_modules', '.cache', 'compile');

/**
 * Builds the console if its sources have changed.
 *
 * @returns whether it was built @throws Error with the output of the build
 */
export function buildConsole(): Promise<boolean> {
  return buildOnce({
    sources: ['apps/console/{src,public}/**', 'apps/console/*.*', 'packages/client/src/**', 'pnpm-lock.yaml'],
    entry: 'apps/console/dist/index.html',
    async build() {
      const vite = join(consoleFolder, 'node_modules', 'vite', 'bin', 'vite.js');
      // NODE_ENV of this process may be `test`, but a test must see the same console as an operator.
      const env = { ...process.env, NODE_ENV: 'production' };
      await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: consoleFolder, env });
    },
  });
}

/** The worker as it is shipped: one file, see `apps/worker/rolldown.config.ts`. */
export const workerEntry = 'apps/worker/dist/bundle/main.js';

/**
 * Bundles the worker if its sources have changed.
 *
 * @throws Error with the output of the build
 */
export async function bundleWorker(): Promise<void> {
  await buildOnce({
    sources: ['{apps/worker,packages/*}/src/**', 'apps/worker/*.*', 'pnpm-lock.yaml'],
    entry: workerEntry,
    async build() {
      const rolldown = join(workerFolder, 'node_modules', 'rolldown', 'bin', 'cli.mjs');
      await promisify(execFile)(process.execPath, [rolldown, '--config'], { cwd: workerFolder });
    },
  });
}

/**
 * Builds something, unless the existing build was made from the same sources. Compares contents, because a checkout
 * changes modification times.
 *
 * @returns whether it was built
 */
async function buildOnce(options: {
  /** Patterns of the source files. These and `entry` are relative to the project's root. */
  readonly sources: readonly string[];
  /** The built file from which all others are reached. */
  readonly entry: string;
  readonly build: () => Promise<unknown>;
}): Promise<boolean> {
  const entry = join(root, options.entry);
  const stamp = join(dirname(entry), '.built-from');
  // Two starts at once would write the same files. The lock is not beside them, because a build may empty its folder.
  const file = join(lockFolder, `${options.entry.replaceAll('/', '-')}.lock`);
  const lock = await waitForLock({ file, onWait: () => undefined });
  try {
    const wantedHash = hashSources(options.sources);
    if (readStamp(stamp) === `${wantedHash} ${hashBuilt(entry)}`) return false;
    await options.build();
    writeFileSync(stamp, `${wantedHash} ${hashBuilt(entry)}`);
    return true;
  } finally {
    lock.release();
  }
}

function hashSources(sources: readonly string[]): string {
  const sum = createHash('sha256');
  const paths = globSync(sources, { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
  for (const path of paths.sort()) sum.update(`${path}\0`).update(readFileSync(join(root, path)));
  return sum.digest('hex');
}

/** The entry names every other file by its content, so a later `pnpm build` changes the entry's hash. */
function hashBuilt(entry: string): string {
  return existsSync(entry) ? hash('sha256', readFileSync(entry), 'hex') : '';
}

function readStamp(stamp: string): string | undefined {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    // Nothing is built, or it was built by `pnpm build`, which writes no stamp.
    return undefined;
  }
}
