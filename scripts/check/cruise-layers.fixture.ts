import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The part of dependency-cruiser's JSON that the tests read. */
interface Cruise {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly module: string; readonly resolved: string }[];
  }[];
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

/** Applies our rules to the tree in `folder`, as `pnpm check` does. */
export async function cruiseLayers(folder: string): Promise<Cruise> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...['apps', 'packages', 'scripts'],
      ...['--config', join(root, '.dependency-cruiser.mjs')],
      ...['--output-type', 'json'],
    ],
    { cwd: folder, maxBuffer: 100_000_000 },
  );
  return JSON.parse(stdout) as Cruise;
}
