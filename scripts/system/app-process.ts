import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';
import { compileCache, type Program, programArgs, root } from './builds.ts';
import { type PortSpawn, startOnPort } from './start-on-port.ts';

export interface AppProcessOptions extends Pick<Program, 'app' | 'sources'> {
  /** Shown to the user, and used as the name of the log. */
  readonly name: string;
  /** The process listens on this port, or on the next free one. */
  readonly wantedPort: number;
  readonly env: (port: number) => Readonly<Record<string, string>>;
  /** The environment to pass on in addition to `env`. Default: PATH only. */
  readonly inheritedEnv?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  /** Whether each start gets its own log file. Default: the log is truncated at each start. */
  readonly keepsLogs?: boolean;
  /** Called for each line of the log. */
  readonly onLogLine?: (line: string) => void;
  readonly print?: (text: string) => void;
  /** The number of quick deaths in a row after which the process is not restarted. Default: no limit. */
  readonly maxQuickExits?: number;
  /** Resolves when the restarted process is ready. Default: restarts do not wait. */
  readonly ready?: (url: string) => Promise<void>;
}

const quickExitMs = 10_000;
const restartDelayMs = 500;

/**
 * Runs an app as a child process that cannot outlive this process. If it exits unexpectedly, it is restarted on the
 * same port.
 */
export class AppProcess {
  readonly name: string;
  readonly #options: AppProcessOptions;
  #child: Tethered | undefined;
  #port: number | undefined;
  /** This process is stopping the child, or has stopped it. */
  #isEnding = false;
  #starts = 0;
  #ownExits = 0;
  #quickExits = 0;
  #recovery: Promise<void> | undefined;
  /** The end of the last act. Two saved files, or an interrupt during a restart, are two acts. */
  #lastAct: Promise<unknown> = Promise.resolve();

  constructor(options: AppProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The number of unexpected exits. */
  get ownExits(): number {
    return this.#ownExits;
  }

  /** 0 until the process has started. */
  get port(): number {
    return this.#port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws Error with the end of the log if the first process exits before it has started */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  /** Stops the process and starts it again, for instance after its sources have changed. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end();
      await this.#start();
    });
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void> {
    return this.#inTurn(() => this.#end(0));
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#end());
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const result = this.#lastAct.then(act);
    this.#lastAct = result.catch(() => undefined);
    return result;
  }

  async #start(): Promise<void> {
    this.#isEnding = false;
    this.#starts += 1;
    if (this.#port === undefined) return this.#startFirst();
    this.#watch(await this.#spawn({ port: this.#port }));
    await this.#options.ready?.(this.url);
  }

  async #end(graceMs?: number): Promise<void> {
    this.#isEnding = true;
    const end = () => this.#child?.stop(graceMs === undefined ? {} : { graceMs });
    await end();
    // A restart may be in progress.
    await this.#recovery;
    await end();
  }

  async #startFirst(): Promise<void> {
    const { name, wantedPort, print } = this.#options;
    const spawn = (start: PortSpawn) => this.#spawn(start);
    const { child, port } = await startOnPort({ name, logFile: this.#logFile(), wanted: wantedPort, spawn });
    if (port !== wantedPort) print?.(`ℹ ${name}: port ${wantedPort} is taken, using ${port}`);
    this.#port = port;
    this.#watch(child);
  }

  #spawn({ port, env: ofStart, onMessage }: Pick<PortSpawn, 'port'> & Partial<PortSpawn>): Promise<Tethered> {
    const { env, inheritedEnv = { PATH: process.env.PATH }, nodeArgs = [] } = this.#options;
    return spawnTethered({
      command: process.execPath,
      args: [...nodeArgs, ...programArgs(this.#options)],
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
      this.#ownExits += 1;
      this.#quickExits = Date.now() - startedAt < quickExitMs ? this.#quickExits + 1 : 0;
      this.#recovery = this.#recover(child, signal ?? `exit ${code}`);
    });
  }

  async #recover(child: Tethered, end: string): Promise<void> {
    const { name, print, maxQuickExits = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#quickExits >= maxQuickExits) return print?.(`${name} keeps dying; its log: ${this.#logFile()}`);
    print?.(`${name} died (${end}), restarting it`);
    await delay(restartDelayMs);
    if (!this.#isEnding && this.#child === child) await this.#start();
  }

  /** Writes directly to the file, unless each line is also shown. */
  #output(): { file: string } | { onLine: (line: string) => void } {
    const { onLogLine, logFolder } = this.#options;
    const file = this.#logFile();
    if (!onLogLine) return { file };
    mkdirSync(logFolder, { recursive: true });
    writeFileSync(file, '');
    return {
      onLine(line) {
        // At once, because the file is read when the process has ended: a taken port is found in it.
        appendFileSync(file, `${line}\n`);
        onLogLine(line);
      },
    };
  }

  #logFile(): string {
    const { name, logFolder, keepsLogs } = this.#options;
    return join(logFolder, `${name.replaceAll(' ', '-')}${keepsLogs ? `.${this.#starts}` : ''}.log`);
  }
}
