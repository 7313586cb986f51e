import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/**
 * MongoDB's disk is full: its writes fail with an error of the system, as with ENOSPC. A file may have one byte, so the
 * next write of the log fails wherever it stands (the engines allocate their logs ahead: a disk that is really full would
 * be noticed only 128 MB later). WiredTiger panics over a log that it cannot write: mongod ends itself then, the embedded
 * engine lives on and answers every request with an error until it is started again, which an operator does here once
 * there is space.
 */
export const mongodbDiskFullAction = defineAction({
  kind: 'mongodb-disk-full',
  mayFailExports: true,
  takesProcesses: false,
  unavailable: () => (prlimit(['--version']) ? undefined : 'there is no prlimit (util-linux) on this machine'),
  async run({ system: { mongodb }, outageMs, strike, note }) {
    await strike(async () => {
      const pid = String(mongodb.pid());
      limitFileSize({ pid, bytes: '1' });
      await delay(outageMs);
      if (prlimit(['--pid', pid])) limitFileSize({ pid, bytes: 'unlimited' });
      else note('the server ended over it');
      await mongodb.restart();
    });
  },
});

/** The soft limit alone (`N:`): only root may raise a hard one again. */
function limitFileSize({ pid, bytes }: { readonly pid: string; readonly bytes: string }): void {
  if (!prlimit(['--pid', pid, `--fsize=${bytes}:`])) throw new Error(`prlimit could not set the limit of ${pid}`);
}

function prlimit(args: readonly string[]): boolean {
  return spawnSync('prlimit', args, { stdio: 'ignore' }).status === 0;
}
