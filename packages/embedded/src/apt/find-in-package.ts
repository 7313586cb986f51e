import { mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFolder } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { runCommand } from '../processes/run-command.ts';

/** Programs that tests use, and where Debian's packages have them. */
const packageOf = {
  'usr/bin/promtool': 'prometheus',
  'usr/bin/amtool': 'prometheus-alertmanager',
  'usr/sbin/nginx': 'nginx',
} as const;

/**
 * Finds a program for tests: an installed one, or the one in Debian's package. The package is unpacked but not installed, because its
 * installation would start a server.
 * @returns why there is none otherwise
 */
export async function findInPackage(options: {
  /** Its path in the package. */
  readonly path: keyof typeof packageOf;
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const { path, env } = options;
  const name = packageOf[path];
  const folder = join(cacheFolder(env), name);
  const find = () => findOnPath({ command: basename(path), env }) ?? findOnPath({ command: join(folder, path), env });
  const found = find();
  if (found) return { command: found };
  for (const command of ['apt-get', 'dpkg-deb']) {
    if (!findOnPath({ command, env })) return { missing: `there is no ${command}` };
  }
  try {
    await mkdir(folder, { recursive: true });
    await runCommand({ command: 'apt-get', args: ['download', name], env, cwd: folder });
    const archive = (await readdir(folder)).find((file) => file.endsWith('.deb')) ?? '';
    await runCommand({ command: 'dpkg-deb', args: ['-x', archive, folder], env, cwd: folder });
  } catch (error) {
    // The distribution does not have the package, or there are no package lists or no network.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
  const command = find();
  return command ? { command } : { missing: `Debian’s package ${name} does not contain ${path}` };
}
