import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';

/**
 * Finds Prometheus' own checker of rules for tests: an installed one, or the one in Debian's package. The package is unpacked but
 * not installed, because its installation would start a Prometheus.
 * @returns why there is none otherwise
 */
export async function findPromtool({
  env,
}: {
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const folder = join(cacheFolder(env), 'prometheus');
  const unpacked = join(folder, 'usr', 'bin', 'promtool');
  const find = () => findOnPath({ command: 'promtool', env }) ?? findOnPath({ command: unpacked, env });
  const path = find();
  if (path) return { command: path };
  for (const command of ['apt-get', 'dpkg-deb']) {
    if (!findOnPath({ command, env })) return { missing: `there is no ${command}` };
  }
  try {
    await mkdir(folder, { recursive: true });
    await runCommand({ command: 'apt-get', args: ['download', 'prometheus'], env, cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? '';
    await runCommand({ command: 'dpkg-deb', args: ['-x', archive, folder], env, cwd: folder });
  } catch (error) {
    // The distribution does not have the package, or there are no package lists or no network.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
  const command = find();
  return command ? { command } : { missing: 'Debian’s package prometheus does not contain promtool' };
}
