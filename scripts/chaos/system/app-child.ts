import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';

export interface AppChildOptions {
  /** Also its logs' name. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  /** Resolves when the process serves; none where nobody has to wait for it. */
  readonly ready?: () => Promise<void>;
}

const root = join(import.meta.dirname, '..', '..', '..');
/** Sources whose types are stripped already: a process that is started again is there sooner. */
const compileCache = join(root, 'node_modules', '.cache', 'compile');
/** As an orchestrator would: not at once, and for ever. */
const restartDelayMs = 500;

/** One of our apps as a child: killed and started when chaos says so, and started again when it ends by itself. */
export class AppChild {
  readonly name: string;
  readonly #options: AppChildOptions;
  #child: Tethered | undefined;
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

  async start(): Promise<void> {
    const { name, entry, env, nodeArgs = [], logFolder, ready } = this.#options;
    this.#expected = false;
    this.#starts += 1;
    const child = await spawnTethered({
      command: process.execPath,
      args: [...nodeArgs, '--conditions=@bulkhead/source', join(root, entry)],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache, ...env },
      cwd: root,
      output: { file: join(logFolder, `${name}.${this.#starts}.log`) },
    });
    this.#child = child;
    void child.exited.then(() => this.#onExit(child));
    await ready?.();
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
