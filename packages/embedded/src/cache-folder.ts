import { homedir } from 'node:os';
import { join } from 'node:path';

/** Outside the work tree, so that a fresh clone finds what an earlier one built. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead');
}
