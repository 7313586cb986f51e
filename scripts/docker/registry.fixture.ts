import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, findOnPath, runCommand, spawnTethered, systemPort } from '@bulkhead/embedded';
import { waitUntil } from '../chaos/wait-until.ts';

const name = 'docker-registry';

export interface Registry {
  /** What names of images begin with. */
  readonly host: string;
  stop(): Promise<void>;
}

/**
 * The registry of the Docker project: the machine's, or Debian's package of it, which is unpacked and not installed, since its
 * installation would start a service.
 * @returns otherwise why there is none
 */
export async function findRegistry(): Promise<{ readonly command: string } | { readonly missing: string }> {
  const { env } = process;
  const folder = join(cacheFolder(env), name);
  const unpacked = join(folder, 'usr', 'bin', name);
  const found = findOnPath({ command: name, env }) ?? (existsSync(unpacked) ? unpacked : undefined);
  if (found) return { command: found };
  const downloads = mkdtempSync(join(tmpdir(), 'bulkhead-registry-package-'));
  try {
    // By root it would be downloaded as a user who cannot write here.
    const args = ['download', '-o', 'APT::Sandbox::User=root', name];
    await runCommand({ command: 'apt-get', args, env, cwd: downloads });
    const [file = ''] = readdirSync(downloads);
    await runCommand({ command: 'dpkg-deb', args: ['--extract', join(downloads, file), folder], env });
    return { command: unpacked };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

/** @param options.folder where it keeps images */
export async function startRegistry(options: { readonly command: string; readonly folder: string }): Promise<Registry> {
  const { command, folder } = options;
  const host = `127.0.0.1:${await systemPort()}`;
  const images = join(folder, 'images');
  mkdirSync(images, { recursive: true });
  const file = join(folder, 'registry.json');
  // JSON is YAML, too.
  writeFileSync(
    file,
    JSON.stringify({ version: '0.1', storage: { filesystem: { rootdirectory: images } }, http: { addr: host } }),
  );
  const child = await spawnTethered({ command, args: ['serve', file], output: 'ignore' });
  const answers = async () =>
    (await fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    )) || undefined;
  if (!(await waitUntil(answers, { timeoutMs: 30_000, intervalMs: 100 }))) throw new Error(`${name} did not answer`);
  return { host, stop: () => child.stop({ graceMs: 0 }) };
}
