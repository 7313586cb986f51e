import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface DockerContext {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}

/** @returns the output of `docker` @throws Error with its message */
export async function callDocker(options: {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}): Promise<string> {
  const { args, env, timeoutMs = 0 } = options;
  const { stdout } = await run('docker', [...args], { env, timeout: timeoutMs });
  return stdout.trim();
}
