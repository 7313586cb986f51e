import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from '../system/builds.ts';

const run = promisify(execFile);
const git = async (...args: readonly string[]) => (await run('git', [...args], { cwd: root })).stdout.trim();

/** Plays the role of the previous version until there are two releases. */
const beforeFirstRelease = 'a41825f82b36a99b44788666cee70a56b53704fb';

/** The newest release that is older than this commit. */
async function findPrevious(): Promise<string> {
  const tags = (await git('tag', '--merged', 'HEAD~1', '--sort=-version:refname', 'v*')).split('\n').filter(Boolean);
  return tags[0] ?? beforeFirstRelease;
}

/**
 * Checks the previous version out into `folder`, with the dependencies of its API and its workers.
 *
 * @returns why that is impossible: there is no git, or this clone lacks the history
 */
export async function checkOutPrevious(
  folder: string,
): Promise<{ readonly version: string } | { readonly missing: string }> {
  let version: string;
  try {
    version = await findPrevious();
    await git('cat-file', '-e', `${version}^{commit}`);
  } catch (error) {
    return { missing: String(error) };
  }
  await git('worktree', 'add', '--force', '--detach', folder, version);
  const { packageManager } = JSON.parse(await git('show', `${version}:package.json`)) as { packageManager: string };
  const parts = ['--filter', '@bulkhead/api...', '--filter', '@bulkhead/worker...'];
  const install = ['install', '--prod', '--frozen-lockfile', '--prefer-offline', ...parts];
  await run('npx', ['-y', packageManager, ...install], { cwd: folder });
  return { version };
}

export async function removePrevious(folder: string): Promise<void> {
  await git('worktree', 'remove', '--force', folder);
}
