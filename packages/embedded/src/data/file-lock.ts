import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

export interface Lock {
  readonly release: () => void;
}

// The code of SQLite's "database is locked".
const SQLITE_BUSY = 5;

/**
 * Takes a lock that the kernel holds for this process and releases when the process ends, by any signal. So there are no stale
 * locks to take over, not even between containers that share the folder and cannot see each other's pids. Node has no `flock`, but
 * an exclusive transaction of SQLite uses one. `<file>.owner` contains the pid of the holder, for users.
 * @returns undefined while another process (or another caller in this one) holds the lock
 */
export function tryExclusiveLock(file: string): Lock | undefined {
  const lock = tryLock({ file, sql: 'BEGIN EXCLUSIVE' });
  if (lock) writeFileSync(`${file}.owner`, String(process.pid));
  return lock;
}

function tryLock({ file, sql }: { readonly file: string; readonly sql: string }): Lock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(sql);
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** The pid of the lock's holder, from the file that the holder wrote. */
export function lockOwner(file: string): string {
  try {
    return readFileSync(`${file}.owner`, 'utf8');
  } catch {
    // The holder has taken the lock, but not written its pid yet.
    return 'unknown';
  }
}

// Waits take seconds to minutes, so half a second more does not matter.
const RETRY_MS = 500;

/** Waits for the lock without a limit. Its holder either finishes or dies, and both release it. */
export async function waitForLock(options: {
  file: string;
  isShared?: boolean;
  onWait: (ownerPid: string) => void;
}): Promise<Lock> {
  const { file, isShared = false, onWait } = options;
  for (;;) {
    // A transaction that reads can be shared by any number of holders, but not while the exclusive lock is held.
    const lock = isShared ? tryLock({ file, sql: 'BEGIN; SELECT name FROM sqlite_schema' }) : tryExclusiveLock(file);
    if (lock) return lock;
    onWait(lockOwner(file));
    await delay(RETRY_MS);
  }
}
