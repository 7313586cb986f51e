import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells a process from all others, also after its pid was given to another one. */
export interface ProcessIdentity {
  readonly kind: string;
  readonly host: string;
  readonly pid: number;
  /** The start of the machine, and the namespace in which the pid is valid. Undefined on systems without `/proc`. */
  readonly boot?: string;
  readonly pidNamespace?: string;
  /** When the pid was given to this process, in ticks since the start of the machine. */
  readonly startedTicks?: number;
}

export function readIdentity(kind: string): ProcessIdentity {
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const pidNamespace = tryRead(() => readlinkSync('/proc/self/ns/pid'));
  const startedTicks = readStartedTicks(process.pid);
  return {
    kind,
    host: hostname(),
    pid: process.pid,
    ...(boot === undefined ? {} : { boot }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(startedTicks === undefined ? {} : { startedTicks }),
  };
}

/**
 * Whether this process can prove that the other one no longer exists. It can do so only for processes of the same pid namespace.
 * @param self the identity of this process
 */
export function isProvablyGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host || other.boot !== self.boot || other.pidNamespace !== self.pidNamespace) return false;
  if (!isRunning(other.pid)) return true;
  return other.startedTicks !== undefined && readStartedTicks(other.pid) !== other.startedTicks;
}

/**
 * Whether the other process ran in the container that this process has just been started in again. Docker and Kubernetes end the processes
 * of a container before they start it again, and give each container (Kubernetes: each pod) a host name.
 */
export function isReplacedBy(other: ProcessIdentity, self: ProcessIdentity): boolean {
  return (
    other.kind === self.kind &&
    other.host === self.host &&
    other.boot !== undefined &&
    other.boot === self.boot &&
    other.pidNamespace !== self.pidNamespace
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another error means that it runs as another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Field 22 of `/proc/<pid>/stat` (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). A zombie no longer runs. */
function readStartedTicks(pid: number): number | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the name in parentheses, which may itself contain them.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : Number(fields[18]);
}

function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
