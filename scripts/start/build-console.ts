import { execFile } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'apps', 'console');
const stamp = join(folder, 'dist', '.built-from');
/** What its files are made of. */
const sources = ['apps/console/{src,public}/**', 'apps/console/*.*', 'packages/client/src/**', 'pnpm-lock.yaml'];

/**
 * Builds the console, unless what is built is of the same sources: by content, as a checkout gives files any age.
 * @returns whether it had to
 * @throws Error with what the build said
 */
export async function buildConsole(): Promise<boolean> {
  const wanted = hashSources();
  if (readStamp() === `${wanted} ${hashPage()}`) return false;
  const vite = join(folder, 'node_modules', 'vite', 'bin', 'vite.js');
  // Whatever this process is for: a test must see what operators see.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, env });
  writeFileSync(stamp, `${wanted} ${hashPage()}`);
  return true;
}

function hashSources(): string {
  const sum = createHash('sha256');
  const paths = globSync(sources, { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
  for (const path of paths.sort()) sum.update(`${path}\0`).update(readFileSync(join(root, path)));
  return sum.digest('hex');
}

/** It names every other file by its content: what `pnpm build` has put in its place since is another one. */
function hashPage(): string {
  const page = join(folder, 'dist', 'index.html');
  return existsSync(page) ? hash('sha256', readFileSync(page), 'hex') : '';
}

function readStamp(): string | undefined {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    // Nothing is built, or by `pnpm build`, which knows of no stamp.
    return undefined;
  }
}
