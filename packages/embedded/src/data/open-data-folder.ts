import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
