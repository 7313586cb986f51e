import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { baseEnv, commandLine } from '@bulkhead/testing';
import { notRun } from './not-run.ts';

const root = join(import.meta.dirname, '../..');

/** Returns the texts of a page's `bash` blocks, except for those that no test can run. */
export async function blocksOf(page: string): Promise<readonly string[]> {
  const blocks = blocksIn(await readFile(join(root, page), 'utf8'));
  const isLeftOut = (block: string) =>
    notRun.some((exclusion) => exclusion.page === page && block.trimStart().startsWith(exclusion.begins));
  const shownBlocks = blocks.filter((block) => !isLeftOut(block));
  if (shownBlocks.length === 0) throw new Error(`${page} has no bash block`);
  return shownBlocks;
}

function blocksIn(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
}

/** Returns the commands of a text in Markdown. */
export function commandsIn(markdown: string): string {
  return blocksIn(markdown).map(unindent).join('\n');
}

/** Returns the commands of a page, one block after the other, for one shell. */
export async function commandsOf(page: string): Promise<string> {
  return (await blocksOf(page)).map(unindent).join('\n');
}

/** Removes the indent of a list item: the end of a here-document must be at the start of its line. */
function unindent(block: string): string {
  const [indent = ''] = block.match(/^ */) ?? [];
  return block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

/**
 * Runs commands as a user types them: in one shell, in `folder`, with `bulkhead` on the path. A `curl` fails if the
 * response is an error. The programs that a page calls are the bundles of this version.
 *
 * @returns the output; throws if one of the commands fails, with the output of all of them
 */
export function runShell(options: {
  readonly commands: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<string> {
  const { commands, folder, env } = options;
  const bin = join(folder, 'bin');
  const node = `exec "${process.execPath}"`;
  putScript(join(bin, 'bulkhead'), `${node} "${commandLine}" "$@"`);
  putScript(join(bin, 'curl'), `PATH="\${PATH#*:}" exec curl --show-error --fail-with-body "$@"`);
  putScript(join(folder, 'node_modules/.bin/node'), `program=$1; shift; ${node} "${root}/$program" "$@"`);
  const all = { ...baseEnv(), ...env, PATH: `${bin}:${process.env.PATH}` };
  return new Promise((resolve, reject) => {
    const script = `set -euxo pipefail\n${commands}`;
    execFile('bash', ['--norc', '-c', script], { cwd: folder, env: all }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

function putScript(file: string, commands: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${commands}\n`, { mode: 0o755 });
}
