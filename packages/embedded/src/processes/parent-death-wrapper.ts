import { spawnSync } from 'node:child_process';
import { findOnPath } from './find-on-path.ts';

/**
 * On Linux the kernel itself can signal a child when its parent dies, which also covers the death of parent and guardian
 * at the same instant. Node cannot ask for it, util-linux's `setpriv` can (BusyBox' cannot: it is tried, 2 ms).
 * @returns what to put before the command; nothing where the system has no such thing.
 */
export function parentDeathWrapper(env: NodeJS.ProcessEnv): string[] {
  if (process.platform !== 'linux') return [];
  const setpriv = findOnPath({ command: 'setpriv', env });
  if (!setpriv) return [];
  const wrapper = [setpriv, '--pdeathsig', 'TERM'];
  return spawnSync(setpriv, [...wrapper.slice(1), '/bin/true'], { stdio: 'ignore' }).status === 0 ? wrapper : [];
}
