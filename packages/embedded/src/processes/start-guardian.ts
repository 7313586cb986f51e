import { type ChildProcess, spawn } from 'node:child_process';

export interface Guardian {
  readonly pid: number | undefined;
  /** The child has ended: the guardian goes without touching anybody. */
  release: () => void;
}

/**
 * A shell of 1 MB that holds the other end of a pipe to us. While we live it only waits; when we are gone, by whatever
 * signal, the pipe closes and it ends the child's process group. It ignores what a terminal or a service manager sends
 * to everybody, because the moment when all are told to end is the moment it is there for.
 */
const SCRIPT = `
trap '' HUP INT TERM
if IFS= read -r word; then exit 0; fi
kill -s TERM -- "-$1" 2>/dev/null
i=0
while [ "$i" -lt "$2" ] && kill -s 0 -- "-$1" 2>/dev/null; do sleep 0.1; i=$((i+1)); done
kill -s KILL -- "-$1" 2>/dev/null
exit 0`;

const RESTART_PAUSE_MS = 100;

/** Watches over the process group `pid` until it is released; one that is killed itself is replaced. */
export function startGuardian({ pid, graceMs }: { pid: number; graceMs: number }): Guardian {
  let released = false;
  let earlyDeaths = 0;
  let shell = start();

  function start(): ChildProcess {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'bulkhead-guardian', String(pid), String(Math.ceil(graceMs / 100))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    // It must not keep us alive, and a write to one that is gone is no fault.
    child.unref();
    (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    const startedAt = Date.now();
    child.on('exit', () => {
      earlyDeaths = Date.now() - startedAt > RESTART_PAUSE_MS ? 0 : earlyDeaths + 1;
      // At once, unless none lives: then (no memory for a fork, say) haste would make it worse.
      setTimeout(
        () => {
          if (!released) shell = start();
        },
        earlyDeaths > 1 ? RESTART_PAUSE_MS : 0,
      ).unref();
    });
    return child;
  }

  return {
    get pid() {
      return shell.pid;
    },
    release() {
      released = true;
      shell.stdin?.end('released\n');
    },
  };
}
