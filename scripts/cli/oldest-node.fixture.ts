import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { baseEnv, captureCommand } from '@bulkhead/testing';

const root = join(import.meta.dirname, '../..');
/** The oldest major version of Node.js that the package.json of the command line and that of the client promise. */
const promised = new Set(
  ['apps/cli', 'packages/client'].map((folder): number => {
    const { engines } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return Number(/^>=(\d+)$/.exec(engines.node)?.[1]);
  }),
);

/** Finds that version on PATH, without the one that this project installs. @returns the path, or why there is none */
export async function findOldestNode(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const [major] = promised;
  if (promised.size !== 1 || !major)
    throw new Error('The engines of the two packages must be the same, and one version.');
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const found: string[] = [];
  for (const path of paths.filter(existsSync)) {
    const { stdout } = await captureCommand({ env: baseEnv(), command: [path, '--version'] });
    if (stdout.startsWith(`v${major}.`)) return { path };
    found.push(stdout.trim());
  }
  return { missing: `no Node.js ${major} on PATH, only ${found.join(' and ')}` };
}
