import { execFile } from 'node:child_process';

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as a script does, without a terminal, and waits for its end. */
export function captureCommand(options: {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
}): Promise<Ended> {
  const { command, ...settings } = options;
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    execFile(program, args, settings, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}
