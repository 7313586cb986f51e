import { setTimeout as delay } from 'node:timers/promises';
import type { StartedService } from '@bulkhead/embedded';

/** Redis or MongoDB, to be taken away and given back. */
export interface ChaosServer {
  readonly url: string;
  pid(): number;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port and data; also while it runs. Resolves when it answers. */
  restart(): Promise<void>;
}

/** @throws where the server is not a child of this process: somebody else's is not ours to kill. */
export function chaosServer({ url, pid, restart, chosen }: StartedService): ChaosServer {
  if (!pid || !restart) throw new Error(`chaos kills its servers and cannot kill this one: ${chosen}`);
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: gone, and its parent (node) has taken its exit code.
    return false;
  }
}
