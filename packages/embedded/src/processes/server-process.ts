import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceHome } from '../data/open-data-folder.ts';
import { EmbeddedError } from '../embedded.error.ts';
import { endLeftover, recordProcess } from './end-leftover.ts';
import { spawnTethered, type Tethered } from './spawn-tethered.ts';

export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly home: ServiceHome;
  /** Rejects while the server does not answer yet. */
  readonly ping: (port: number) => Promise<void>;
}

// WiredTiger replays its log after a kill -9; a minute covers gigabytes of it, and a Redis that loads its AOF.
const READY_DEADLINE_MS = 60_000;
// Redis answers after 12 ms, the others after 100: the wait should not be what takes time.
const PING_EVERY_MS = 15;
// A port that the system called free can be taken before the server binds it; three in a row is something else.
const PORT_ATTEMPTS = 3;
// WiredTiger writes a checkpoint on SIGTERM. Nothing is lost if it is cut short, only the next start takes longer.
const STOP_GRACE_MS = 4_000;

/** A database server as a child of ours, on a port of its own. */
export class ServerProcess {
  readonly #spec: ServerSpec;
  readonly died: Promise<string>;
  #reportDeath: (detail: string) => void = () => undefined;
  #child: Tethered | undefined;
  #port = 0;
  #stopping = false;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.died = new Promise((resolve) => {
      this.#reportDeath = resolve;
    });
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await systemPort();
      try {
        return await this.#startOnPort();
      } catch (error) {
        const portWasTaken = /in use|EADDRINUSE/i.test(lastLogLines({ file: this.#spec.home.logFile }));
        if (!portWasTaken || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** On the same port, so that whoever holds the address finds it again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#startOnPort();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // What is thrown away afterwards needs no checkpoint.
    await this.#child?.stop({ graceMs: this.#spec.home.kept ? STOP_GRACE_MS : 0 });
  }

  async #startOnPort(): Promise<void> {
    const { command, args, env, home } = this.#spec;
    await endLeftover(home.processFile);
    this.#stopping = false;
    const child = await spawnTethered({
      command,
      args: args(this.#port),
      env,
      cwd: home.dataFolder,
      output: { file: home.logFile },
    });
    this.#child = child;
    await recordProcess({ file: home.processFile, pid: child.pid });
    await this.#waitUntilReady(child);
    void child.exited.then(({ code, signal }) => {
      if (!this.#stopping) this.#reportDeath(`${this.#spec.name} ended with ${signal ?? `code ${code}`}`);
    });
  }

  async #waitUntilReady(child: Tethered): Promise<void> {
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    const deadline = Date.now() + READY_DEADLINE_MS;
    let lastError: unknown;
    while (!ended && Date.now() < deadline) {
      try {
        await portAccepts(this.#port);
        return await this.#spec.ping(this.#port);
      } catch (error) {
        lastError = error;
        await delay(PING_EVERY_MS);
      }
    }
    await child.stop({ graceMs: 0 });
    throw this.#didNotStart({ ended, cause: lastError });
  }

  #didNotStart({ ended, cause }: { ended: boolean; cause: unknown }): EmbeddedError {
    const { name, home } = this.#spec;
    const what = ended ? 'ended before it answered' : `did not answer within ${READY_DEADLINE_MS / 1_000} s`;
    const message = `${name} ${what}. The end of ${home.logFile}:\n${lastLogLines({ file: home.logFile })}`;
    return new EmbeddedError({ code: 'SERVER_DID_NOT_START', message, cause });
  }
}

/**
 * Resolves if somebody listens on the port of this machine. Asked before a client is: a driver that finds nobody sits out
 * its own pause of half a second, a refused connection is known at once.
 */
export async function portAccepts(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** A port on 127.0.0.1 that the system says is free. Somebody may take it before it is used: the starter tries again then. */
export function systemPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The end of a server's log, for the error that says why it did not start. */
export function lastLogLines({ file, count = 12 }: { file: string; count?: number }): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}
