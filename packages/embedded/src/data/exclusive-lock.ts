import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

interface ExclusiveLock {
  readonly release: () => void;
}

// SQLite's "database is locked".
const SQLITE_BUSY = 5;

/**
 * A lock that the kernel holds for this process and drops when it ends, by whatever signal: there is no stale lock and
 * nothing to take over, also between containers that share the folder and cannot see each other's pids. Node has no
 * `flock`, but SQLite's exclusive transaction is one. Beside it, `<file>.owner` says who holds it, for people.
 * @returns undefined while another process (or another caller in this one) holds it.
 */
export function tryExclusiveLock(file: string): ExclusiveLock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  writeFileSync(`${file}.owner`, String(process.pid));
  return { release: () => database.close() };
}

/** The pid that holds the lock, as it wrote it down. */
export function lockOwner(file: string): string {
  try {
    return readFileSync(`${file}.owner`, 'utf8');
  } catch {
    // The owner is between taking the lock and writing its pid.
    return 'unknown';
  }
}

// What is waited for takes seconds to minutes; half a second more is not felt.
const RETRY_MS = 500;

/** Waits, without a limit, until the lock is ours: its holder either finishes or dies, and both free it. */
export async function waitForLock({
  file,
  onWait,
}: {
  file: string;
  onWait: (ownerPid: string) => void;
}): Promise<ExclusiveLock> {
  for (;;) {
    const lock = tryExclusiveLock(file);
    if (lock) return lock;
    onWait(lockOwner(file));
    await delay(RETRY_MS);
  }
}
