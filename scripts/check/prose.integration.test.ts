import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-prose-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the check on a tree that has one file. */
function check(path: string, text: string): Promise<{ readonly code: number; readonly output: string }> {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const command = [join(import.meta.dirname, 'prose.mjs'), '--root', folder];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stderr + stdout }),
    );
  });
}

// Split, so that the check of this project does not find them here.
const oldPhrase = ['the key of who', 'ever has called'].join('');
const misspelt = 'the answer of the server is read'.replace('server', ['ser', 'vr'].join(''));

test.each([
  { what: 'a comment', path: 'apps/a/a.ts', text: `/** Returns\n * ${oldPhrase}. */\nexport const a = 1;` },
  { what: 'a line comment', path: 'packages/a/a.mjs', text: `// Returns\n// ${oldPhrase}.\nexport const a = 1;` },
  { what: 'a test title', path: 'scripts/a.test.ts', text: `test.each([1])('returns ${oldPhrase}', () => {});` },
  { what: 'a message', path: 'apps/a/b.ts', text: `throw new Error('returns ${oldPhrase}');` },
  { what: 'a text of the console', path: 'apps/a/a.tsx', text: `export const a = <p>Shows ${oldPhrase}</p>;` },
  { what: 'a page', path: 'docs/a/b.md', text: `# Keys\n\nIt returns ${oldPhrase}.` },
])('the prose check reports an old phrase in $what with its position', async ({ path, text }) => {
  const { code, output } = await check(path, text);
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`^${path}:[1-3]: who[e]ver => name the actor`, 'm'));
});

test('the prose check reports a misspelt word', async () => {
  const { code, output } = await check('README.md', misspelt);
  expect([code, output]).toEqual([1, expect.stringMatching(/^README\.md:1: unknown word "servr"/)]);
});

test('the prose check ignores code, and prose that follows the rules', async () => {
  const text = `/** Returns \`${oldPhrase}\` of the caller. */\nconst name = 'a.b/c';\nconst whoeverCalled = { name };`;
  const { code, output } = await check('apps/a/a.ts', text);
  expect([code, output]).toEqual([0, expect.stringContaining('1 passages, 0 faults')]);
});
