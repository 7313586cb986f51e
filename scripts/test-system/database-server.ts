import { setTimeout as delay } from 'node:timers/promises';
import type { StartedService } from '@bulkhead/embedded';

/** Redis or MongoDB as a server that can be killed and restarted. */
export interface DatabaseServer {
  readonly url: string;
  pid(): number;
  /** Sends SIGKILL. Resolves when the server has ended. */
  kill(): Promise<void>;
  /** Restarts it on the same port and data, even if it runs. Resolves when it answers. */
  restart(): Promise<void>;
  /** Only a replica set can do this. */
  stepDown?(): Promise<void>;
}

/** @throws Error if the server is not a child of this process, because only our own servers may be killed */
export function startedServer({ url, pid, restart, chosen }: StartedService): DatabaseServer {
  if (!pid || !restart)
    throw new Error(`chaos runs need a server that they can kill, and this one is not theirs: ${chosen}`);
  return {
    url,
    pid,
    restart,
    async kill() {
      const victim = pid();
      process.kill(victim, 'SIGKILL');
      while (isAlive(victim)) await delay(1);
    },
  };
}

/** A server that other tests use too. */
export function sharedServer(url: string): DatabaseServer {
  const refuse = () => {
    throw new Error('other tests use this server, so it cannot be killed');
  };
  return { url, pid: refuse, kill: refuse, restart: refuse };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: the process has ended, and its parent (node) has read its exit code.
    return false;
  }
}
