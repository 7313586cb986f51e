import { createHash, hash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { waitForLock } from '@bulkhead/embedded';

export const root = join(import.meta.dirname, '..', '..');
const lockFolder = join(root, 'node_modules', '.cache', 'build-locks');

/**
 * Builds something, unless what is built is of the same sources: by content, as a checkout gives files any age.
 * @returns whether it had to
 */
export async function buildOnce(options: {
  /** Patterns of what it is made of. These and `entry` are relative to the project's root. */
  readonly sources: readonly string[];
  /** The built file that the others are reached from. */
  readonly entry: string;
  readonly build: () => Promise<unknown>;
}): Promise<boolean> {
  const entry = join(root, options.entry);
  const stamp = join(dirname(entry), '.built-from');
  // Two starts at once would write the same files. Not beside them, since a build may empty its folder.
  const file = join(lockFolder, `${options.entry.replaceAll('/', '-')}.lock`);
  const lock = await waitForLock({ file, onWait: () => undefined });
  try {
    const wanted = hashSources(options.sources);
    if (readStamp(stamp) === `${wanted} ${hashBuilt(entry)}`) return false;
    await options.build();
    writeFileSync(stamp, `${wanted} ${hashBuilt(entry)}`);
    return true;
  } finally {
    lock.release();
  }
}

function hashSources(sources: readonly string[]): string {
  const sum = createHash('sha256');
  const paths = globSync(sources, { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
  for (const path of paths.sort()) sum.update(`${path}\0`).update(readFileSync(join(root, path)));
  return sum.digest('hex');
}

/** The entry names every other file by its content: what `pnpm build` has put in its place since is another one. */
function hashBuilt(entry: string): string {
  return existsSync(entry) ? hash('sha256', readFileSync(entry), 'hex') : '';
}

function readStamp(stamp: string): string | undefined {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    // Nothing is built, or by `pnpm build`, which knows of no stamp.
    return undefined;
  }
}
