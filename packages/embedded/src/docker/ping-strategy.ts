import { setTimeout as delay } from 'node:timers/promises';
import type { WaitStrategy } from 'testcontainers';

// A minute, as for a server without a container.
const READY_DEADLINE_MS = 60_000;
const PING_EVERY_MS = 50;
// As many as of a server's own log.
const LOG_LINES = 12;

/**
 * Ready when it answers. A published port accepts before anybody listens behind it, and testcontainers' own check wants a
 * shell in the image.
 */
export function pingStrategy(ping: (hostPort: number) => Promise<void>): WaitStrategy {
  let timeoutMs = READY_DEADLINE_MS;
  const strategy: WaitStrategy = {
    async waitUntilReady(container, boundPorts) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        try {
          return await ping(boundPorts.getFirstBinding());
        } catch (error) {
          const { State } = await container.inspect();
          if (!State.Running) throw await endedError({ container, exitCode: State.ExitCode, cause: error });
          if (Date.now() > deadline) throw error;
        }
        await delay(PING_EVERY_MS);
      }
    },
    withStartupTimeout(ms) {
      timeoutMs = ms;
      return strategy;
    },
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => timeoutMs,
  };
  return strategy;
}

type Container = Parameters<WaitStrategy['waitUntilReady']>[0];

async function endedError({ container, exitCode, cause }: { container: Container; exitCode: number; cause: unknown }) {
  const log = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES });
  // Docker frames each line with eight bytes that are no text.
  const lines = log.toString('utf8').replace(/[^\t\n\x20-\x7e]/g, '');
  return new Error(`the container ended with code ${exitCode}. Its last lines:\n${lines.trim()}`, { cause });
}
