import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sitePath } from './links.ts';
import { root } from './table-of-contents.ts';

/** The folders of pages that a program writes, below this one, each with its program. */
export const written = {
  'cli-reference': 'apps/cli/src/write-reference.ts',
  vendors: 'scripts/site/write-vendors.ts',
} as const;

/**
 * Writes the pages of a folder. They are files, because the search of the site reads files only. Returns the pages for the sidebar.
 */
export function writePages(name: keyof typeof written) {
  const folder = join(import.meta.dirname, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // From the sources, because the site is built in a clone without builds.
  execFileSync(process.execPath, ['--conditions=@bulkhead/source', join(root, written[name]), folder]);
  return readdirSync(folder).map((file) => {
    const [, text = ''] = /^# (.*)$/m.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
    return { text, link: `/${sitePath(`scripts/site/${name}/${file}`)}` };
  });
}
