import { execFile } from 'node:child_process';
import { cp, mkdtempDisposable, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { enginePaths, findOnPath, installWithApt, runCommand } from '@bulkhead/embedded';
import { callDocker, type DockerContext } from './call-docker.ts';

const run = promisify(execFile);
const recipes = join(import.meta.dirname, '..', 'stand-ins');
/** The file in which Debian and programs built for it look for trusted certificates. */
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Makes the image on which all stand-ins are based, unless the engine has it. @returns its name */
export async function ensureDebian(options: DockerContext): Promise<string> {
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  const base = `bulkhead-stand-in:${codename}`;
  const found = await callDocker({ args: ['image', 'ls', '--quiet', base], env: options.env });
  if (found === '') await importDebian({ base, codename, options });
  return base;
}

/**
 * Builds images that replace the real ones. stand-ins/Dockerfile describes their contents.
 * @returns the variables that replace the pinned images, and a text for the output
 */
export async function makeStandIns({ env, progress, base }: DockerContext & { readonly base: string }) {
  progress('building stand-ins for the base images');
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'bulkhead-stand-ins-'));
  const folder = temporary.path;
  await fillContext(folder, env);
  const compose = ['compose', '--project-name', 'bulkhead-stand-ins', '--file', join(folder, 'compose.yaml')];
  await runCommand({ command: 'docker', args: [...compose, 'build'], env: { ...env, BULKHEAD_STAND_IN: base } });
  return {
    env: {
      BULKHEAD_NODE_IMAGE: 'bulkhead-stand-in-node',
      BULKHEAD_REDIS_IMAGE: 'bulkhead-stand-in-redis',
      BULKHEAD_MONGODB_IMAGE: 'bulkhead-stand-in-mongodb',
    },
    text:
      'no image registry can be reached, using stand-ins: ' +
      `redis is Debian's, mongo is secantus-mdb, node is the lockfile's on a minimal Debian`,
  };
}

/**
 * Imports a minimal Debian of this machine's release from its own package sources, so that programs of this machine run
 * on it.
 */
async function importDebian(input: {
  readonly base: string;
  readonly codename: string;
  readonly options: DockerContext;
}): Promise<void> {
  const { base, codename, options } = input;
  const { env, progress } = options;
  if (!findOnPath({ command: 'mmdebstrap', env })) {
    await installWithApt({ packages: ['mmdebstrap', 'ca-certificates'], context: options });
  }
  progress(`making a minimal Debian (${codename}), once`);
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'bulkhead-debian-'));
  const folder = temporary.path;
  const format = 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
    'Origin: Debian',
  ]);
  const sources = join(folder, 'sources.list');
  await writeFile(sources, [...new Set(stdout.split('\n'))].join('\n'));
  const tar = join(folder, 'debian.tar');
  // Unsafe for a file system that must survive a power cut. This one is deleted if it is incomplete.
  const args = ['--quiet', '--variant=minbase', '--dpkgopt=force-unsafe-io', codename, tar, sources];
  await runCommand({ command: 'mmdebstrap', args, env });
  await callDocker({ args: ['import', tar, base], env });
}

/** Copies the build files, and the files that they take from this machine. */
async function fillContext(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const copy = (from: string, name: string) => cp(from, join(folder, name), { recursive: true, dereference: true });
  await cp(recipes, folder, { recursive: true });
  await copy(process.execPath, 'node');
  await copy(enginePaths(env).binary, 'secantusd-rs');
  const npm = await realpath(findOnPath({ command: 'npm', env }) ?? 'npm');
  await copy(join(npm, '..', '..'), 'npm');
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'], { env });
  await writeFile(join(folder, 'npmrc'), `registry=${registry}cafile=${certificates}\n`);
  const trusted = [certificates, env.NODE_EXTRA_CA_CERTS ?? certificates];
  const bundles = await Promise.all([...new Set(trusted)].map((file) => readFile(file, 'utf8')));
  await writeFile(join(folder, 'ca-certificates.crt'), bundles.join('\n'));
}
