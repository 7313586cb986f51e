import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { waitForLock } from '../data/file-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';
import type { RouteContext } from '../service-route.ts';

// Another program's installation holds the lock of dpkg for a few minutes at most.
const APT_OPTIONS = ['-y', '-o', 'DPkg::Lock::Timeout=300'];

/** @returns why apt-get cannot be used on this machine, or undefined if it can */
export function whyNoApt(env: NodeJS.ProcessEnv): string | undefined {
  if (!findOnPath({ command: 'apt-get', env })) return 'there is no apt-get';
  if (process.getuid?.() === 0) return undefined;
  const sudo = findOnPath({ command: 'sudo', env });
  if (!sudo) return 'apt-get needs root, and there is no sudo';
  const { status } = spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore', env });
  return status === 0 ? undefined : 'apt-get needs root, and sudo asks for a password';
}

/**
 * Installs packages of the distribution. Redis and the compilers may be installed concurrently, but apt runs only once at a time.
 */
export async function installWithApt(options: {
  packages: readonly string[];
  context: Pick<RouteContext, 'env' | 'progress'>;
}) {
  const { packages, context } = options;
  const { env, progress } = context;
  const lock = await waitForLock({
    file: join(cacheFolder(env), 'apt.lock'),
    onWait: (owner) => progress(`waiting for another apt-get of this project (process ${owner})`),
  });
  try {
    const install = ['install', '--no-install-recommends', ...APT_OPTIONS, ...packages];
    progress(`apt-get install ${packages.join(' ')}`);
    try {
      await aptGet({ args: install, env });
    } catch {
      // The package lists are missing (a fresh image) or outdated. With new lists, the second attempt reports the actual problem.
      progress('apt-get update');
      await aptGet({ args: ['update', ...APT_OPTIONS], env });
      progress(`apt-get install ${packages.join(' ')}`);
      await aptGet({ args: install, env });
    }
  } finally {
    lock.release();
  }
}

function aptGet({ args, env }: { args: readonly string[]; env: NodeJS.ProcessEnv }): Promise<void> {
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  return process.getuid?.() === 0
    ? runCommand({ command: 'apt-get', args, env: quiet })
    : runCommand({ command: 'sudo', args: ['-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], env: quiet });
}
