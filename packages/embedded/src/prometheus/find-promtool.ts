import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';

/**
 * Prometheus' own check of rules, for tests: the machine's, or the one of Debian's package. That is unpacked and not installed, as
 * its installation would start a Prometheus. @returns otherwise why there is none.
 */
export async function findPromtool({
  env,
}: {
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const folder = join(cacheFolder(env), 'prometheus');
  const unpacked = join(folder, 'usr', 'bin', 'promtool');
  const find = () => findOnPath({ command: 'promtool', env }) ?? findOnPath({ command: unpacked, env });
  const found = find();
  if (found) return { command: found };
  for (const command of ['apt-get', 'dpkg-deb']) {
    if (!findOnPath({ command, env })) return { missing: `there is no ${command}` };
  }
  try {
    await mkdir(folder, { recursive: true });
    await runCommand({ command: 'apt-get', args: ['download', 'prometheus'], env, cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? '';
    await runCommand({ command: 'dpkg-deb', args: ['-x', archive, folder], env, cwd: folder });
  } catch (error) {
    // A distribution without the package, without lists of packages, or without a network.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
  const command = find();
  return command ? { command } : { missing: 'Debian’s package prometheus has no promtool' };
}
