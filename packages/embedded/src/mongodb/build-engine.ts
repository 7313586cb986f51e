import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { waitForLock } from '../data/exclusive-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';
import type { RouteContext } from '../service-route.ts';

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

/**
 * A single-node server over WiredTiger, MongoDB's own storage engine, that speaks MongoDB's protocol: what a package
 * registry offers where neither mongod nor an image of it can be had. Pinned: it is young, and this version is the one whose
 * durability was measured (docs/decisions).
 */
const CRATE = 'secantus-mdb';
const VERSION = '0.5.3-beta.196';

export const engineRelease = { crate: CRATE, version: VERSION, binaryName: 'secantusd-rs' } as const;

export interface EnginePaths {
  /** Everything about engines, of all versions. */
  readonly root: string;
  readonly installed: string;
  readonly binary: string;
  readonly lock: string;
}

export function enginePaths(env: NodeJS.ProcessEnv): EnginePaths {
  const root = join(cacheFolder(env), 'mongodb-engine');
  const installed = join(root, `${CRATE}-${VERSION}`);
  return { root, installed, binary: join(installed, 'bin', engineRelease.binaryName), lock: join(root, 'build.lock') };
}

/** Follows what `cargo install` prints and says where it is. */
export class CargoProgress {
  #built = '';
  #current = '';

  /** @returns the new one-line state, or undefined if the line says nothing about it. */
  follow(printed: string): string | undefined {
    const line = stripVTControlCharacters(printed);
    // Written by its progress bar, `\r` and colours around it: "Building [====>   ] 57/213: serde, wiredtiger-sys(build)"
    const building = /Building \[[^\]]*\]\s*(\d+)\/(\d+)(?::\s*([^,]+))?/.exec(line);
    const started = /(Compiling|Downloading|Downloaded|Updating|Installing)\s+(.+)$/.exec(line);
    if (building) this.#built = `${building[1]}/${building[2]} parts built`;
    const current = building?.[3]?.trim().replace(/\.\.\.$/, '') ?? (started && this.#describe(started));
    if (current) this.#current = current;
    if (!building && !started) return undefined;
    return [this.#built, this.#current && `now ${this.#current}`].filter(Boolean).join(', ');
  }

  #describe([, verb, what]: RegExpExecArray): string {
    return verb === 'Compiling' ? `${what}` : `${verb?.toLowerCase()} ${what}`;
  }
}
