import { EmbeddedError } from '../embedded.error.ts';
import { spawnTethered } from './spawn-tethered.ts';

export interface RunCommandOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
  /** The command is killed after this time. By default it is never killed. */
  readonly timeoutMs?: number;
}

// Enough for a compiler's error with its context, and short enough to be read.
const KEPT_LINES = 15;

/** Runs a command to its end. @throws an error with its last lines if it fails */
export async function runCommand(options: RunCommandOptions): Promise<void> {
  const { command, args, env, cwd, onLine, timeoutMs } = options;
  const lines: string[] = [];
  const child = await spawnTethered({
    command,
    args,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    output: {
      onLine: (line) => {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        onLine?.(line);
      },
    },
  });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => void child.stop({ graceMs: 0 }), timeoutMs);
  const { code, signal } = await child.exited;
  clearTimeout(timer);
  if (code === 0) return;
  throw new EmbeddedError({
    code: 'COMMAND_FAILED',
    message: `${command} ${args[0] ?? ''} ended with ${signal ?? `code ${code}`}. Its last lines:\n${lines.join('\n')}`,
  });
}
