import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'apps/cli/src/main.ts');

/** The commands of a page: the texts of its `bash` blocks, one after the other. */
export async function commandsOf(page: string): Promise<string> {
  const markdown = await readFile(join(root, page), 'utf8');
  const blocks = [...markdown.matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`${page} has no bash block`);
  return blocks.join('\n');
}

/**
 * Runs commands as somebody types them: in one shell, in `folder`, with `bulkhead` on the path.
 * @returns what they have printed; throws where one of them fails, with what all of them have said.
 */
export function runShell(options: {
  readonly commands: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<string> {
  const { commands, folder, env } = options;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'bulkhead'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
  const all = { ...env, PATH: `${bin}:${process.env.PATH}` } as NodeJS.ProcessEnv;
  return new Promise((resolve, reject) => {
    const script = `set -euxo pipefail\n${commands}`;
    execFile('bash', ['-c', script], { cwd: folder, env: all }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
