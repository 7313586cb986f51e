import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sitePath } from './links.ts';
import { root } from './table-of-contents.ts';

const folder = join(import.meta.dirname, 'cli-reference');
// An app is run and not imported. It runs from its sources, because the site is built in a clone without builds.
const command = ['--conditions=@bulkhead/source', join(root, 'apps/cli/src/write-reference.ts'), folder];

/**
 * Writes the pages of the reference of the command line, from its program. They are files, because the search of the site reads files only.
 * Returns the pages for the sidebar.
 */
export function writeCliReference() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(process.execPath, command);
  return readdirSync(folder).map((name) => {
    const [, text = ''] = /^# (.*)$/m.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
    return { text, link: `/${sitePath(`scripts/site/cli-reference/${name}`)}` };
  });
}
