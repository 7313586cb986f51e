import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/**
 * Fills MongoDB's disk: its writes fail with an error of the system, as with ENOSPC. The limit allows files of one
 * byte, so the next write of the log fails at any position. (The engines allocate their logs in advance, so a full disk
 * would be noticed only 128 MB later.) WiredTiger panics if it cannot write its log. mongod then exits. The embedded
 * engine continues to run and answers every request with an error until an operator restarts it. This action restarts
 * it once there is space.
 */
export const mongodbDiskFullAction = defineAction({
  kind: 'mongodb-disk-full',
  mayFailExports: true,
  takesProcesses: false,
  unavailable: () => (prlimit(['--version']) ? undefined : 'there is no prlimit (util-linux) on this machine'),
  async run({ system: { mongodb }, outageMs, disrupt, note }) {
    await disrupt(async () => {
      const pid = String(mongodb.pid());
      limitFileSize({ pid, bytes: '1' });
      await delay(outageMs);
      if (prlimit(['--pid', pid])) limitFileSize({ pid, bytes: 'unlimited' });
      else note('the server exited');
      await mongodb.restart();
    });
  },
});

/** Sets only the soft limit (`N:`), because only root may raise a hard limit again. */
function limitFileSize({ pid, bytes }: { readonly pid: string; readonly bytes: string }): void {
  if (!prlimit(['--pid', pid, `--fsize=${bytes}:`])) throw new Error(`prlimit could not set the limit of ${pid}`);
}

function prlimit(args: readonly string[]): boolean {
  return spawnSync('prlimit', args, { stdio: 'ignore' }).status === 0;
}
