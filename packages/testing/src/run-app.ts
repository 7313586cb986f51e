import { join } from 'node:path';
import { baseEnv } from './base-env.ts';
import { captureCommand } from './capture-command.ts';

const apps = join(import.meta.dirname, '..', '..', '..', 'apps');

/** The path of a program as it is shipped. `npm test` bundles the apps before it runs the tests. */
export function programOf(app: 'api' | 'serve' | 'worker' | 'ehr-simulator', name = 'main'): string {
  return join(apps, app, 'dist', `${name}.js`);
}

/**
 * The path of the command line as it is shipped. `npm test` bundles it a second time for the tests, because packing the
 * package writes `dist/bulkhead.js` again, also while a test runs it.
 */
export const commandLine: string = join(apps, 'cli', 'dist', 'bundle.js');

/** Runs a program of an app as an operator does, and waits for its end. */
export function runApp(options: {
  /** From `programOf`. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}): ReturnType<typeof captureCommand> {
  const { program, env, args = [] } = options;
  return captureCommand({ command: [process.execPath, program, ...args], env: { ...baseEnv(), ...env } });
}
