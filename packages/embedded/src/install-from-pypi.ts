import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './data/open-data-folder.ts';
import { runCommand } from './processes/run-command.ts';

/** Tests must not wait for a package index that does not answer. */
const installMs = 180_000;

/**
 * Installs a Python program from PyPI into its own environment, once per machine.
 * @returns its command, or why there is none (no Python, or no package index)
 */
export async function installFromPypi(options: {
  readonly name: string;
  readonly version: string;
  /** Extras of the package, such as `[server]`. */
  readonly extras?: string;
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const { name, version, extras = '', env } = options;
  const folder = join(cacheFolder(env), `${name}-${version}`);
  const command = join(folder, 'bin', options.command);
  if (existsSync(command)) return { command };
  try {
    await runCommand({ command: 'python3', args: ['-m', 'venv', '--clear', folder], env });
    const args = ['install', '--quiet', `${name}${extras}==${version}`];
    await runCommand({ command: join(folder, 'bin', 'pip'), args, env, timeoutMs: installMs });
    return { command };
  } catch (error) {
    // Otherwise the incomplete environment would count as installed the next time.
    rmSync(folder, { recursive: true, force: true });
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
