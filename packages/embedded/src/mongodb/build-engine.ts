import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '../data/wait-for-lock.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';
import type { RouteContext } from '../service-route.ts';
import { CargoProgress } from './cargo-progress.ts';
import { enginePaths, engineRelease } from './engine-release.ts';

const BUILDING_PREFIX = 'building-';

/**
 * Builds the engine, or waits for another process that is at it: two builds at once would only take twice as long.
 * It is built in a folder of its own and renamed when whole, so a build that is killed leaves nothing that looks finished.
 */
export async function buildEngine(context: RouteContext): Promise<'built' | 'built by another process'> {
  const paths = enginePaths(context.env);
  let waited = false;
  const lock = await waitForLock({
    file: paths.lock,
    onWait: (owner) => {
      waited = true;
      context.progress(`process ${owner} is building the engine; waiting for it instead of building a second one`);
    },
  });
  try {
    if (findOnPath({ command: paths.binary, env: context.env })) return 'built by another process';
    if (waited) context.note('the other process did not finish its build: building here');
    await removeAbandoned(paths.root);
    await cargoInstall(context);
    return 'built';
  } finally {
    lock.release();
  }
}

async function cargoInstall({ env, progress }: RouteContext): Promise<void> {
  const { root, installed } = enginePaths(env);
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, BUILDING_PREFIX));
  const cargo = new CargoProgress();
  try {
    await runCommand({
      command: 'cargo',
      // `--ignore-rust-version`: the crate asks for the newest compiler and builds well with the one before.
      args: [
        'install',
        engineRelease.crate,
        '--version',
        engineRelease.version,
        '--locked',
        '--ignore-rust-version',
        '--root',
        join(folder, 'root'),
      ],
      // Its progress bar is what counts the parts; cargo hides it where it sees no terminal.
      env: {
        ...env,
        CARGO_TARGET_DIR: join(folder, 'target'),
        CARGO_TERM_PROGRESS_WHEN: 'always',
        CARGO_TERM_PROGRESS_WIDTH: '100',
      },
      onLine: (line) => {
        const state = cargo.follow(line);
        if (state) progress(`building the database engine: ${state}`);
      },
    });
    await rm(installed, { recursive: true, force: true });
    await rename(join(folder, 'root'), installed);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** We hold the lock, so whoever made these is dead. Its compilers may still write for a second: what resists stays for the next time. */
async function removeAbandoned(root: string): Promise<void> {
  const names = (await readdir(root)).filter((name) => name.startsWith(BUILDING_PREFIX));
  await Promise.allSettled(names.map((name) => rm(join(root, name), { recursive: true, force: true })));
}
