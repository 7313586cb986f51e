import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceHome } from '../data/open-data-folder.ts';
import { EmbeddedError } from '../embedded.error.ts';
import type { RunningService } from '../service-route.ts';
import { endLeftover, recordProcess } from './end-leftover.ts';
import { spawnTethered, type Tethered } from './spawn-tethered.ts';

export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly home: ServiceHome;
  readonly url: (at: { host: string; port: number }) => string;
  /** Rejects while the server does not answer. */
  readonly ping: (url: string) => Promise<void>;
}

// WiredTiger replays its log after a kill -9, and Redis loads its AOF. A minute is enough for gigabytes.
const READY_DEADLINE_MS = 60_000;
// Redis answers after 12 ms and the others after 100 ms, so the interval should not be what takes time.
const PING_EVERY_MS = 15;
// Another program can take a free port before the server binds it. Three times in a row has another cause.
const PORT_ATTEMPTS = 3;
// WiredTiger writes a checkpoint on SIGTERM. If that is aborted, nothing is lost, and the next start only takes longer.
const STOP_GRACE_MS = 4_000;

/** Starts a database server, and resolves when it answers. */
export async function startServer(spec: ServerSpec): Promise<Required<RunningService>> {
  const server = new ServerProcess(spec);
  await server.start();
  return {
    url: server.url,
    pid: () => server.pid,
    restart: () => server.restart(),
    exited: server.exited,
    stop: () => server.stop(),
  };
}

/**
 * Runs a database server as a child process on its own port.
 *
 *   start --> end a leftover server of the folder --> free port --> spawn tethered --> record the pid --> ping until it answers
 *
 * If another program took the port in between, the start is repeated with another port. `restart` keeps the port, so that clients
 * can reconnect. `exited` resolves if the server ends without `stop`.
 */
class ServerProcess {
  readonly #spec: ServerSpec;
  readonly exited: Promise<string>;
  #reportExit: (detail: string) => void = () => undefined;
  #child: Tethered | undefined;
  #port = 0;
  #stopping = false;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.exited = new Promise((resolve) => {
      this.#reportExit = resolve;
    });
  }

  get url(): string {
    return this.#spec.url({ host: '127.0.0.1', port: this.#port });
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

  /** Restarts on the same port, so that clients with its address can reconnect. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#startOnPort();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // Data that is removed afterwards needs no checkpoint.
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
      if (!this.#stopping) this.#reportExit(`${this.#spec.name} ended with ${signal ?? `code ${code}`}`);
    });
  }

  async #waitUntilReady(child: Tethered): Promise<void> {
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    const deadlineMs = Date.now() + READY_DEADLINE_MS;
    let lastError: unknown;
    while (!ended && Date.now() < deadlineMs) {
      try {
        await portAccepts(this.#port);
        return await this.#spec.ping(this.url);
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
    const what = ended ? 'ended before it answered' : `did not respond within ${READY_DEADLINE_MS / 1_000} s`;
    const message = `${name} ${what}. The end of ${home.logFile}:\n${lastLogLines({ file: home.logFile })}`;
    return new EmbeddedError({ code: 'SERVER_DID_NOT_START', message, cause });
  }
}

/**
 * Resolves if a server listens on the port of this machine. This is checked before a client connects, because a driver that cannot
 * connect waits for half a second, while a refused connection fails immediately.
 */
async function portAccepts(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** A free port on 127.0.0.1. If another program takes it before it is used, the caller tries again. */
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

/** The last lines of a server's log, for the error that says why it did not start. */
export function lastLogLines({ file, count = 12 }: { file: string; count?: number }): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}
