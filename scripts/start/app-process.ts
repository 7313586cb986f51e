import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';
import { compileCache } from './compile-cache.ts';
import { type PortSpawn, startOnPort } from './start-on-port.ts';

export interface AppProcess {
  readonly pid: number;
  /** Where it listens, on 127.0.0.1; the same after it has died and was started again. */
  readonly port: number;
  /** Ends the process and starts it again, for instance with changed sources. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface AppProcessOptions {
  /** Shown to the user, and the log's name. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly entry: string;
  readonly wantedPort: number;
  readonly env: (port: number) => Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  readonly say: (text: string) => void;
  /** Called for each line of its log. */
  readonly onLogLine?: (line: string) => void;
}

const root = join(import.meta.dirname, '..', '..');
/** A process that cannot live is not started for ever; one that is killed now and then is. */
const maxQuickDeaths = 5;
const quickDeathMs = 10_000;
const restartDelayMs = 500;

/**
 * Runs one of the apps as a child that cannot outlive this process, and starts it again if it dies.
 * @throws Error with the end of its log if it dies before it has started
 */
export async function startApp(options: AppProcessOptions): Promise<AppProcess> {
  const { name, wantedPort, say } = options;
  const logFile = logFileOf(options);
  let stopping = false;
  let isRestarting = false;
  let quickDeaths = 0;
  const first = await startOnPort({
    ...{ name, logFile, wanted: wantedPort },
    spawn: (start) => spawnApp(options, start),
  });
  let { child } = first;
  const { port } = first;
  if (port !== wantedPort) say(`ℹ ${name}: port ${wantedPort} is taken, using ${port}`);

  const watch = async (): Promise<void> => {
    while (!stopping) {
      const startedAt = Date.now();
      const { code, signal } = await child.exited;
      if (stopping) return;
      if (isRestarting) {
        isRestarting = false;
        child = await spawnApp(options, { port });
        continue;
      }
      quickDeaths = Date.now() - startedAt < quickDeathMs ? quickDeaths + 1 : 0;
      if (quickDeaths >= maxQuickDeaths) return say(`${name} keeps dying; its log: ${logFile}`);
      say(`${name} died (${signal ?? `exit ${code}`}) and is started again`);
      await new Promise((resolve) => setTimeout(resolve, restartDelayMs));
      if (!stopping) child = await spawnApp(options, { port });
    }
  };
  const watching = watch();
  return {
    get pid() {
      return child.pid;
    },
    port,
    restart() {
      isRestarting = true;
      return child.stop();
    },
    async stop() {
      stopping = true;
      await child.stop();
      await watching;
    },
  };
}

function spawnApp(
  options: AppProcessOptions,
  { port, env, onMessage }: Pick<PortSpawn, 'port'> & Partial<PortSpawn>,
): Promise<Tethered> {
  return spawnTethered({
    command: process.execPath,
    args: [...(options.nodeArgs ?? []), '--conditions=@bulkhead/source', resolve(root, options.entry)],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...options.env(port), ...env },
    cwd: root,
    output: outputOf(options),
    ...(onMessage ? { onMessage } : {}),
  });
}

/** Straight into the file, unless somebody wants to see the lines. */
function outputOf(options: AppProcessOptions): { file: string } | { onLine: (line: string) => void } {
  const { onLogLine, logFolder } = options;
  const file = logFileOf(options);
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

function logFileOf({ logFolder, name }: AppProcessOptions): string {
  return join(logFolder, `${name.replaceAll(' ', '-')}.log`);
}
