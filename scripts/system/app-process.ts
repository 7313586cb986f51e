import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';
import { compileCache, root } from './builds.ts';
import { type PortSpawn, startOnPort } from './start-on-port.ts';

export interface AppProcessOptions {
  /** Shown to the user, and the log's name. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly entry: string;
  /** It listens here, or on the next port that is free. */
  readonly wantedPort: number;
  readonly env: (port: number) => Readonly<Record<string, string>>;
  /** What it gets of an environment beside `env`. Left out: nothing but PATH. */
  readonly inheritedEnv?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  /** Each start gets a log of its own. Left out: the log is emptied at each start. */
  readonly keepsLogs?: boolean;
  /** Called for each line of its log. */
  readonly onLogLine?: (line: string) => void;
  readonly say?: (text: string) => void;
  /** It is given up after so many quick deaths in a row. Left out: it is started again for ever. */
  readonly maxQuickDeaths?: number;
  /** Resolves when the process serves again after a later start. Left out: nothing waits for it. */
  readonly ready?: (url: string) => Promise<void>;
}

const quickDeathMs = 10_000;
const restartDelayMs = 500;

/** One of the apps as a child that cannot outlive this process. It is started again if it ends by itself, and keeps its port. */
export class AppProcess {
  readonly name: string;
  readonly #options: AppProcessOptions;
  #child: Tethered | undefined;
  #port: number | undefined;
  /** We end it, or have ended it. */
  #isEnding = false;
  #starts = 0;
  #ownDeaths = 0;
  #quickDeaths = 0;
  #recovery: Promise<void> | undefined;

  constructor(options: AppProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How often it ended by itself. */
  get ownDeaths(): number {
    return this.#ownDeaths;
  }

  /** Known once it has started. */
  get port(): number {
    return this.#port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws Error with the end of its log if its first process ends before it has started */
  async start(): Promise<void> {
    this.#isEnding = false;
    this.#starts += 1;
    if (this.#port === undefined) return this.#startFirst();
    this.#watch(await this.#spawn({ port: this.#port }));
    await this.#options.ready?.(this.url);
  }

  /** Ends the process and starts it again, for instance with changed sources. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#end(0);
  }

  stop(): Promise<void> {
    return this.#end();
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async #end(graceMs?: number): Promise<void> {
    this.#isEnding = true;
    const end = () => this.#child?.stop(graceMs === undefined ? {} : { graceMs });
    await end();
    // It may just be started again.
    await this.#recovery;
    await end();
  }

  async #startFirst(): Promise<void> {
    const { name, wantedPort: wanted, say } = this.#options;
    const spawn = (start: PortSpawn) => this.#spawn(start);
    const { child, port } = await startOnPort({ name, logFile: this.#logFile(), wanted, spawn });
    if (port !== wanted) say?.(`ℹ ${name}: port ${wanted} is taken, using ${port}`);
    this.#port = port;
    this.#watch(child);
  }

  #spawn({ port, env: ofStart, onMessage }: Pick<PortSpawn, 'port'> & Partial<PortSpawn>): Promise<Tethered> {
    const { entry, env, inheritedEnv = { PATH: process.env.PATH }, nodeArgs = [] } = this.#options;
    return spawnTethered({
      command: process.execPath,
      args: [...nodeArgs, '--conditions=@bulkhead/source', resolve(root, entry)],
      env: { ...inheritedEnv, NODE_COMPILE_CACHE: compileCache, ...env(port), ...ofStart },
      cwd: root,
      output: this.#output(),
      ...(onMessage ? { onMessage } : {}),
    });
  }

  #watch(child: Tethered): void {
    this.#child = child;
    const startedAt = Date.now();
    void child.exited.then(({ code, signal }) => {
      if (this.#isEnding) return;
      this.#ownDeaths += 1;
      this.#quickDeaths = Date.now() - startedAt < quickDeathMs ? this.#quickDeaths + 1 : 0;
      this.#recovery = this.#recover(child, signal ?? `exit ${code}`);
    });
  }

  async #recover(child: Tethered, end: string): Promise<void> {
    const { name, say, maxQuickDeaths = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#quickDeaths >= maxQuickDeaths) return say?.(`${name} keeps dying; its log: ${this.#logFile()}`);
    say?.(`${name} died (${end}) and is started again`);
    await delay(restartDelayMs);
    if (!this.#isEnding && this.#child === child) await this.start();
  }

  /** Straight into the file, unless each line is shown, too. */
  #output(): { file: string } | { onLine: (line: string) => void } {
    const { onLogLine, logFolder } = this.#options;
    const file = this.#logFile();
    if (!onLogLine) return { file };
    mkdirSync(logFolder, { recursive: true });
    const stream = createWriteStream(file);
    return {
      onLine(line) {
        stream.write(`${line}\n`);
        onLogLine(line);
      },
    };
  }

  #logFile(): string {
    const { name, logFolder, keepsLogs } = this.#options;
    return join(logFolder, `${name.replaceAll(' ', '-')}${keepsLogs ? `.${this.#starts}` : ''}.log`);
  }
}
