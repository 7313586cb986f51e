import { join } from 'node:path';
import { spawnTethered, type Tethered } from '@bulkhead/embedded';

export interface AppProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

interface AppProcessOptions {
  /** Shown to the user, and the log's name. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  readonly logFolder: string;
  readonly say: (text: string) => void;
}

const root = join(import.meta.dirname, '..', '..');
/** Sources whose types are stripped already: the next process starts faster and 20 MB smaller. */
const compileCache = join(root, 'node_modules', '.cache', 'compile');
/** A process that cannot live is not started for ever; one that is killed now and then is. */
const maxQuickDeaths = 5;
const quickDeathMs = 10_000;
const restartDelayMs = 500;

/** Runs one of the apps as a child that cannot outlive this process, and starts it again if it dies. */
export async function startApp(options: AppProcessOptions): Promise<AppProcess> {
  const { name, say } = options;
  let stopping = false;
  let quickDeaths = 0;
  let child = await spawnApp(options);

  const watch = async (): Promise<void> => {
    while (!stopping) {
      const startedAt = Date.now();
      const { code, signal } = await child.exited;
      if (stopping) return;
      quickDeaths = Date.now() - startedAt < quickDeathMs ? quickDeaths + 1 : 0;
      if (quickDeaths >= maxQuickDeaths) return say(`${name} keeps dying; its log: ${logFile(options)}`);
      say(`${name} died (${signal ?? `exit ${code}`}) and is started again`);
      await new Promise((resolve) => setTimeout(resolve, restartDelayMs));
      if (!stopping) child = await spawnApp(options);
    }
  };
  const watching = watch();
  return {
    get pid() {
      return child.pid;
    },
    async stop() {
      stopping = true;
      await child.stop();
      await watching;
    },
  };
}

function spawnApp(options: AppProcessOptions): Promise<Tethered> {
  return spawnTethered({
    command: process.execPath,
    args: [...(options.nodeArgs ?? []), '--conditions=@bulkhead/source', join(root, options.entry)],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...options.env },
    cwd: root,
    output: { file: logFile(options) },
  });
}

function logFile({ logFolder, name }: AppProcessOptions): string {
  return join(logFolder, `${name.replaceAll(' ', '-')}.log`);
}
