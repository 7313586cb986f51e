import { join } from 'node:path';
import { type Lock, waitForLock } from '../data/file-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';

/** For all programs of this user on this machine, because they share its addresses. */
const networkLockFile = join(cacheFolder(process.env), 'network.lock');

/**
 * Waits until a program may use the network in its way. A container that starts or ends changes an address of the machine, and Chromium
 * then aborts the connections that it is opening (`net::ERR_NETWORK_CHANGED`). So many programs may browse at a time, but none while
 * another one changes addresses.
 */
export function lockNetwork(use: 'browse' | 'change addresses', { file = networkLockFile } = {}): Promise<Lock> {
  return waitForLock({ file, isShared: use === 'browse', onWait: () => undefined });
}
