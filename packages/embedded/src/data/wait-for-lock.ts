import { setTimeout as delay } from 'node:timers/promises';
import { type ExclusiveLock, lockOwner, tryExclusiveLock } from './exclusive-lock.ts';

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
