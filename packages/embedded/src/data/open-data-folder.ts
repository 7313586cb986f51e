import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedError } from '../embedded.error.ts';
import { lockOwner, tryExclusiveLock } from './exclusive-lock.ts';

export interface DataFolder {
  readonly path: string;
  readonly kept: boolean;
  readonly close: () => Promise<void>;
}

const EPHEMERAL_PREFIX = 'bulkhead-ephemeral-';
const LOCK_NAME = 'in-use.lock';
// Between the making of a folder and its lock lie a few ms; a younger one may be another start's that has got no further.
const DEAD_AFTER_MS = 60_000;

/** The folder of this start, held for this process alone: either the given one, or one that vanishes when closed. */
export function openDataFolder(where: { dataDir: string } | { ephemeral: true }): Promise<DataFolder> {
  return 'dataDir' in where ? openKept(resolve(where.dataDir)) : openEphemeral();
}

async function openKept(path: string): Promise<DataFolder> {
  const lockFile = join(path, LOCK_NAME);
  const lock = tryExclusiveLock(lockFile);
  if (!lock) {
    throw new EmbeddedError({
      code: 'DATA_IN_USE',
      message: `${path} is in use by the process ${lockOwner(lockFile)}. Stop that one first, or give this start another data folder.`,
    });
  }
  return { path, kept: true, close: async () => lock.release() };
}

async function openEphemeral(): Promise<DataFolder> {
  await removeDeadEphemeral();
  const path = await mkdtemp(join(tmpdir(), EPHEMERAL_PREFIX));
  const lock = tryExclusiveLock(join(path, LOCK_NAME));
  return {
    path,
    kept: false,
    close: async () => {
      lock?.release();
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A test run that was killed could not tidy up; whoever comes next does: a folder that can be locked has no owner. */
async function removeDeadEphemeral(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(EPHEMERAL_PREFIX));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    try {
      if (Date.now() - (await stat(path)).mtimeMs < DEAD_AFTER_MS) continue;
      const lock = tryExclusiveLock(join(path, LOCK_NAME));
      lock?.release();
      if (lock) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another user's, or being removed by another start at this moment: not ours to care about.
    }
  }
}

/** Where one service has its things. */
export interface ServiceHome {
  /** Kept over restarts: durable writes. Otherwise thrown away: fast ones. */
  readonly kept: boolean;
  readonly dataFolder: string;
  readonly engineFile: string;
  readonly logFile: string;
  readonly processFile: string;
}

export async function openServiceHome({ folder, kept }: { folder: string; kept: boolean }): Promise<ServiceHome> {
  const dataFolder = join(folder, 'data');
  await mkdir(dataFolder, { recursive: true });
  return {
    kept,
    dataFolder,
    engineFile: join(folder, 'engine.json'),
    logFile: join(folder, 'server.log'),
    processFile: join(folder, 'process.json'),
  };
}

/** Which engine wrote the data that is there; undefined while there is none. */
export async function readEngineMarker({ dataFolder, engineFile }: ServiceHome): Promise<string | undefined> {
  // A marker without data is what a killed first start leaves behind: it binds nobody.
  if ((await readdir(dataFolder)).length === 0) return undefined;
  try {
    return (JSON.parse(await readFile(engineFile, 'utf8')) as { engine: string }).engine;
  } catch {
    return 'an unknown engine';
  }
}

export async function writeEngineMarker({ home, engine }: { home: ServiceHome; engine: string }): Promise<void> {
  await writeFile(home.engineFile, `${JSON.stringify({ engine })}\n`);
}

/** A first start that failed leaves half a database: the next route must find an empty folder. */
export async function clearData({ dataFolder, engineFile }: ServiceHome): Promise<void> {
  await rm(dataFolder, { recursive: true, force: true });
  await rm(engineFile, { force: true });
  await mkdir(dataFolder, { recursive: true });
}

/** Outside the work tree, so that a fresh clone finds what an earlier one built. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead');
}
