import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedError } from '../embedded.error.ts';
import { findOnPath } from './find-on-path.ts';

export interface SpawnTetheredOptions {
  /** The name of a command on PATH, or an absolute path. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Both output streams: to a file (emptied first), line by line to a function, or to the streams of this process. */
  readonly output: { readonly file: string } | { readonly onLine: (line: string) => void } | 'inherit' | 'ignore';
  /** Called for messages that the child sends through an IPC channel (`process.send`). If not set, there is no channel. */
  readonly onMessage?: (message: unknown) => void;
  /** The time from SIGTERM to SIGKILL if *this process* has died. */
  readonly orphanGraceMs?: number;
}

export interface Tethered {
  readonly pid: number;
  readonly guardianPid: () => number | undefined;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends SIGTERM, and after `graceMs` SIGKILL, to the child and everything it started. Resolves when it has ended. */
  readonly stop: (options?: { readonly graceMs?: number }) => Promise<void>;
}

// Short, because a start that was killed with -9 is usually repeated at once, and needs its port and its data.
const ORPHAN_GRACE_MS = 1_500;
// npm start promises to end within 10 s of a Ctrl-C, and its children are stopped in two rounds.
const STOP_GRACE_MS = 4_000;
// Lines in a pipe are read within milliseconds, also on a busy machine within a second.
const LAST_LINES_MS = 1_000;

/**
 * Starts a child that cannot outlive this process, not even if this process is killed with -9. The child leads its own process
 * group. So a terminal's Ctrl-C only reaches this process, which then stops its children in the right order.
 *
 *   this process --pipe--> guardian (a shell) --signals--> process group of the child
 *   kernel (Linux) --SIGTERM when this process dies--> child
 */
export async function spawnTethered(options: SpawnTetheredOptions): Promise<Tethered> {
  const env = options.env ?? process.env;
  const command = findOnPath({ command: options.command, env });
  if (!command) throw new EmbeddedError({ code: 'COMMAND_NOT_FOUND', message: `${options.command} is not on PATH.` });
  const child = await spawnInOwnGroup({
    options,
    argv: [...parentDeathWrapper(env), command, ...(options.args ?? [])],
  });
  const pid = child.pid as number;
  const guardian = startGuardian({ pid, graceMs: options.orphanGraceMs ?? ORPHAN_GRACE_MS });
  const exited = watchExit({ child, pid, guardian });
  return {
    pid,
    guardianPid: () => guardian.pid,
    exited,
    stop: async ({ graceMs = STOP_GRACE_MS } = {}) => {
      signalGroup({ pid, signal: graceMs > 0 ? 'SIGTERM' : 'SIGKILL' });
      const timer = setTimeout(() => signalGroup({ pid, signal: 'SIGKILL' }), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function spawnInOwnGroup({ options, argv }: { options: SpawnTetheredOptions; argv: string[] }) {
  const { output, onMessage } = options;
  const file = typeof output === 'object' && 'file' in output ? openLog(output.file) : undefined;
  const stream = file ?? (typeof output === 'object' ? 'pipe' : output);
  try {
    const child = spawn(argv[0] as string, argv.slice(1), {
      detached: true,
      stdio: ['ignore', stream, stream, ...(onMessage ? (['ipc'] as const) : [])],
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    if (typeof output === 'object' && 'onLine' in output) readLines({ child, onLine: output.onLine });
    if (onMessage) child.on('message', onMessage);
    await once(child, 'spawn');
    return child;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'w');
}

function readLines({ child, onLine }: { child: ChildProcess; onLine: (line: string) => void }): void {
  for (const input of [child.stdout, child.stderr]) {
    // A `\r` alone ends a line too, because progress bars redraw themselves with it.
    if (input) createInterface({ input, crlfDelay: 0 }).on('line', onLine);
  }
}

async function watchExit({ child, pid, guardian }: { child: ChildProcess; pid: number; guardian: Guardian }) {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // End the processes that the child started too, such as the compilers of a compiler.
  signalGroup({ pid, signal: 'SIGKILL' });
  guardian.release();
  // The last lines can still be in the pipes. A process in another group could hold those open.
  const timer = new AbortController();
  await Promise.race([closed, delay(LAST_LINES_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
  return { code, signal };
}

interface Guardian {
  readonly pid: number | undefined;
  /** The child has ended, so the guardian exits without sending signals. */
  release: () => void;
}

/**
 * A shell of 1 MB that holds the other end of a pipe to this process. It waits while this process lives. When this process ends, by
 * any signal, the pipe closes, and the shell ends the child's process group. It ignores signals that a terminal or a service
 * manager sends to all processes, because it is needed exactly then.
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

/** Watches the process group `pid` until it is released. A guardian that is killed is replaced. */
function startGuardian({ pid, graceMs }: { pid: number; graceMs: number }): Guardian {
  let released = false;
  let earlyExits = 0;
  let shell = start();

  function start(): ChildProcess {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'bulkhead-guardian', String(pid), String(Math.ceil(graceMs / 100))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    // The guardian must not keep this process alive, and a failed write to an ended guardian is not an error.
    child.unref();
    (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    const startedAt = Date.now();
    child.on('exit', () => {
      earlyExits = Date.now() - startedAt > RESTART_PAUSE_MS ? 0 : earlyExits + 1;
      // Restart at once, unless every guardian ends early (no memory for a fork, for example). Then a fast restart would make it
      // worse.
      setTimeout(
        () => {
          if (!released) shell = start();
        },
        earlyExits > 1 ? RESTART_PAUSE_MS : 0,
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

/**
 * On Linux the kernel can signal a child when its parent dies, which also works if parent and guardian die at the same instant.
 * Node cannot request this, but util-linux's `setpriv` can (BusyBox's cannot, so it is tested, which takes 2 ms).
 * @returns the words to put before the command, or none if the system does not support this
 */
function parentDeathWrapper(env: NodeJS.ProcessEnv): string[] {
  if (process.platform !== 'linux') return [];
  const setpriv = findOnPath({ command: 'setpriv', env });
  if (!setpriv) return [];
  const wrapper = [setpriv, '--pdeathsig', 'TERM'];
  return spawnSync(setpriv, [...wrapper.slice(1), '/bin/true'], { stdio: 'ignore' }).status === 0 ? wrapper : [];
}

/** Signals a whole process group. @returns false if it no longer exists */
export function signalGroup({ pid, signal }: { pid: number; signal: NodeJS.Signals }): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
