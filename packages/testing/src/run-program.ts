import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { baseEnv } from './base-env.ts';

const apps = join(import.meta.dirname, '..', '..', '..', 'apps');

/** The path of a program as it is shipped. `npm test` bundles the apps before it runs the tests. */
export function programOf(app: 'api' | 'worker' | 'ehr-simulator', name = 'main'): string {
  return join(apps, app, 'dist', `${name}.js`);
}

/** Runs a program as an operator does, and waits for its end. */
export function runProgram(options: {
  /** From `programOf`. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  const { program, env, args = [] } = options;
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env: { ...baseEnv(), ...env } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}
