import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { waitForLock } from '../data/file-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';
import type { RouteContext } from '../service-route.ts';

const BUILDING_PREFIX = 'building-';

/**
 * Builds the engine, or waits for another process that builds it, because two builds at once would only take twice as long. It is
 * built in a separate folder that is renamed when it is complete, so a killed build leaves nothing that looks finished. The next build
 * continues with the parts that it has compiled.
 */
export async function buildEngine(
  context: RouteContext,
  { reportEveryMs = 5000 }: { readonly reportEveryMs?: number } = {},
): Promise<'built' | 'built by another process'> {
  const paths = enginePaths(context.env);
  let waited = false;
  const lock = await waitForLock({
    file: paths.lock,
    onWait: (owner) => {
      waited = true;
      context.progress(`process ${owner} is already building the engine. Waiting for that build`);
    },
  });
  try {
    if (findOnPath({ command: paths.binary, env: context.env })) return 'built by another process';
    if (waited) context.note('the other process did not finish its build, so this process builds the engine');
    await removeOthers(paths);
    await cargoInstall(context, reportEveryMs);
    return 'built';
  } finally {
    lock.release();
  }
}

/**
 * Two cores are busy for 4 minutes with these settings, and for 5.5 with those of the crate. The engine then uses about a quarter more CPU
 * time for a write, which is less than that in a start and in a run of the tests.
 */
const quickProfile = {
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
};

/** Saves 100 s of CPU time, a fifth of the build. The library is the same. CMake before 3.21 ignores it. */
const precompiledHeader = { CMAKE_TOOLCHAIN_FILE: join(import.meta.dirname, 'precompile.cmake') };

/** @param reportEveryMs some parts take two minutes, and a text that does not change looks like a fault */
async function cargoInstall({ env, progress }: RouteContext, reportEveryMs: number): Promise<void> {
  const { installed, building } = enginePaths(env);
  const root = join(building, 'root');
  await mkdir(building, { recursive: true });
  // Cargo would refuse to replace the binary of a build that was killed before the rename.
  await rm(root, { recursive: true, force: true });
  const cargo = new CargoProgress();
  const startedAt = performance.now();
  let shown = 'starting';
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    progress(`building the database engine: ${shown}, ${seconds} s so far`);
  }, reportEveryMs);
  try {
    await runCommand({
      command: 'cargo',
      // `--ignore-rust-version`: the crate requires the newest compiler, but the previous one builds it too.
      args: [
        ...['install', engineRelease.crate, '--version', engineRelease.version],
        ...['--locked', '--ignore-rust-version', '--root', root],
      ],
      // The progress bar shows the number of parts. Without this, cargo hides it if there is no terminal.
      env: {
        ...quickProfile,
        ...precompiledHeader,
        ...env,
        CARGO_TARGET_DIR: join(building, 'target'),
        CARGO_TERM_PROGRESS_WHEN: 'always',
        CARGO_TERM_PROGRESS_WIDTH: '100',
      },
      onLine: (line) => {
        const state = cargo.follow(line);
        if (!state) return;
        shown = state;
        progress(`building the database engine: ${state}`);
      },
    });
    await rm(installed, { recursive: true, force: true });
    await rename(root, installed);
  } finally {
    clearInterval(timer);
    await rm(building, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Removes builds of other versions. This process holds the lock, so they are dead. Their compilers may write for another second. Files in
 * use stay for the next time.
 */
async function removeOthers({ root, building }: EnginePaths): Promise<void> {
  const names = (await readdir(root)).filter((name) => name.startsWith(BUILDING_PREFIX) && name !== basename(building));
  await Promise.allSettled(names.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

/**
 * A single-node server with MongoDB's protocol and its storage engine, WiredTiger. Package registries offer it, so it can be used
 * if neither mongod nor an image of it is available. The version is pinned, because the project is young, and the durability of
 * this version was measured (docs/decisions).
 */
const CRATE = 'secantus-mdb';
const VERSION = '0.5.3-beta.196';

export const engineRelease = { crate: CRATE, version: VERSION, binaryName: 'secantusd-rs' } as const;

export interface EnginePaths {
  /** The files of all versions of the engine. */
  readonly root: string;
  readonly installed: string;
  /** The files of an unfinished build. */
  readonly building: string;
  readonly binary: string;
  readonly lock: string;
}

export function enginePaths(env: NodeJS.ProcessEnv): EnginePaths {
  const root = join(cacheFolder(env), 'mongodb-engine');
  const installed = join(root, `${CRATE}-${VERSION}`);
  const building = join(root, `${BUILDING_PREFIX}${VERSION}`);
  return {
    root,
    installed,
    building,
    binary: join(installed, 'bin', engineRelease.binaryName),
    lock: join(root, 'build.lock'),
  };
}

/** Reads the output of `cargo install` and describes its progress. */
export class CargoProgress {
  #built = '';
  #current = '';

  /** @returns the new progress in one line, or undefined if the printed line does not show it */
  follow(printed: string): string | undefined {
    const line = stripVTControlCharacters(printed);
    // A line of the progress bar, between `\r` and colours: "Building [====>   ] 57/213: serde, wiredtiger-sys(build)"
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
