import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';
import { compileCache } from '../../start/compile-cache.ts';
import { type PortSpawn, startOnPort } from '../../start/start-on-port.ts';

export interface AppChildOptions {
  /** Also its logs' name. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly entry: string;
  /** Where it is to listen: the next free port from here on. */
  readonly wantedPort: number;
  readonly env: (port: number) => Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  /** Resolves when the process serves again after a restart; left out if nothing has to wait for it. */
  readonly ready?: (url: string) => Promise<void>;
}

const root = join(import.meta.dirname, '..', '..', '..');
/** As an orchestrator would: not at once, and for ever. */
const restartDelayMs = 500;

/** One of our apps as a child: killed and started when chaos says so, and started again when it ends by itself. */
export class AppChild {
  readonly name: string;
  readonly #options: AppChildOptions;
  #child: Tethered | undefined;
  #port: number | undefined;
  #expected = false;
  #starts = 0;
  #ownDeaths = 0;

  constructor(options: AppChildOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How often it ended although nobody asked it to. */
  get ownDeaths(): number {
    return this.#ownDeaths;
  }

  /** Known once it has started; it keeps its port. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#expected = false;
    this.#starts += 1;
    const port = this.#port;
    if (port === undefined) return this.#startFirst();
    this.#watch(await this.#spawn({ port }));
    await this.#options.ready?.(this.url);
  }

  async #startFirst(): Promise<void> {
    const { name, wantedPort: wanted } = this.#options;
    const spawn = (start: PortSpawn) => this.#spawn(start);
    const { child, port } = await startOnPort({ name, logFile: this.#logFile(), wanted, spawn });
    this.#port = port;
    this.#watch(child);
  }

  async #spawn({ port, env: ofStart, onMessage }: Pick<PortSpawn, 'port'> & Partial<PortSpawn>): Promise<Tethered> {
    const { entry, env, nodeArgs = [] } = this.#options;
    return spawnTethered({
      command: process.execPath,
      args: [...nodeArgs, '--conditions=@bulkhead/source', join(root, entry)],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache, ...env(port), ...ofStart },
      cwd: root,
      output: { file: this.#logFile() },
      ...(onMessage ? { onMessage } : {}),
    });
  }

  #watch(child: Tethered): void {
    this.#child = child;
    void child.exited.then(() => this.#onExit(child));
  }

  #logFile(): string {
    const { name, logFolder } = this.#options;
    return join(logFolder, `${name}.${this.#starts}.log`);
  }

  /** SIGKILL: nothing is said to anybody. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#expected = true;
    await this.#child?.stop({ graceMs: 0 });
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async stop(): Promise<void> {
    this.#expected = true;
    await this.#child?.stop();
  }

  async #onExit(child: Tethered): Promise<void> {
    if (this.#expected) return;
    this.#ownDeaths += 1;
    await delay(restartDelayMs);
    if (!this.#expected && this.#child === child) await this.start();
  }
}
