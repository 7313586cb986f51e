import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedError } from '../embedded.error.ts';
import { lockOwner, tryExclusiveLock } from './file-lock.ts';

export interface DataFolder {
  readonly path: string;
  readonly kept: boolean;
  readonly close: () => Promise<void>;
}

const EPHEMERAL_PREFIX = 'bulkhead-ephemeral-';
const LOCK_NAME = 'in-use.lock';
// A folder is locked a few milliseconds after it was created. A younger folder may belong to another start that has not locked it
// yet.
const DEAD_AFTER_MS = 60_000;

/** Opens the data folder and locks it for this process: either the given folder, or one that is removed when it is closed. */
export function openDataFolder(where: { dataDir: string } | { ephemeral: true }): Promise<DataFolder> {
  return 'dataDir' in where ? openKept(resolve(where.dataDir)) : openEphemeral();
}

async function openKept(path: string): Promise<DataFolder> {
  // It holds patient data in plain text. A folder that exists may be readable for all users of the machine.
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
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

/** Removes the folders of killed test runs. A folder that can be locked has no owner. */
async function removeDeadEphemeral(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(EPHEMERAL_PREFIX));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    try {
      if (Date.now() - (await stat(path)).mtimeMs < DEAD_AFTER_MS) continue;
      const lock = tryExclusiveLock(join(path, LOCK_NAME));
      lock?.release();
      if (lock) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // The folder belongs to another user, or another start is removing it.
    }
  }
}

/** The files of one service. */
export interface ServiceHome {
  /** Whether the data is kept over restarts with durable writes. Otherwise it is removed, and writes are fast. */
  readonly kept: boolean;
  readonly dataFolder: string;
  readonly engineFile: string;
  readonly logFile: string;
  readonly processFile: string;
  /** The password of the server, for kept data. Other users of the machine can connect to its port. */
  readonly password: string | undefined;
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
    password: kept ? await keptPassword(join(folder, 'password')) : undefined,
  };
}

/** Reads the password of an earlier start, or writes a new one, readable for the owner only. */
async function keptPassword(file: string): Promise<string> {
  const earlier = await readFile(file, 'utf8').catch(() => undefined);
  if (earlier !== undefined) return earlier;
  const password = randomBytes(24).toString('base64url');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

/** The engine that wrote the existing data, or undefined if there is no data. */
export async function readEngineMarker({ dataFolder, engineFile }: ServiceHome): Promise<string | undefined> {
  // A marker without data is left by a first start that was killed, and has no effect.
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

/** Removes the data of a failed first start, because the next route must find an empty folder. */
export async function clearData({ dataFolder, engineFile }: ServiceHome): Promise<void> {
  await rm(dataFolder, { recursive: true, force: true });
  await rm(engineFile, { force: true });
  await mkdir(dataFolder, { recursive: true });
}

/** The cache is outside of the work tree, so that a fresh clone finds what an earlier one built. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead');
}
