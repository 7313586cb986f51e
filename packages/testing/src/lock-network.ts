import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

// The code of SQLite's "database is locked".
const busy = 5;
const retryMs = 500;
/** For all test runs of this user on this machine, because they share its addresses. */
const networkLockFile = join(tmpdir(), `bulkhead-network-of-${userInfo().username}.lock`);

/**
 * Waits until this test file may use the network in its way. A container that starts or ends changes an address of the machine, and
 * Chromium then aborts the connections that it is opening (`net::ERR_NETWORK_CHANGED`). So many files may browse at a time, but none while
 * another file changes addresses. The kernel releases the lock if the process dies.
 */
export async function lockNetwork(
  use: 'browse' | 'change addresses',
  { file = networkLockFile } = {},
): Promise<{ readonly release: () => void }> {
  const database = new DatabaseSync(file);
  const sql = use === 'browse' ? 'BEGIN; SELECT name FROM sqlite_schema' : 'BEGIN EXCLUSIVE';
  for (;;) {
    try {
      database.exec(sql);
      return { release: () => database.close() };
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== busy) throw error;
      if (database.isTransaction) database.exec('ROLLBACK');
      await delay(retryMs);
    }
  }
}
