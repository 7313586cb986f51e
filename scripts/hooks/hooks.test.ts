import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-hooks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function createRepository(): void {
  copyFileSync(join(root, '.biome.jsonc'), join(folder, '.biome.jsonc'));
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  git('init', '--quiet');
  git('config', 'core.hooksPath', import.meta.dirname);
  git('config', 'user.name', 'A tester');
  git('config', 'user.email', 'tester@example.org');
}

function git(...args: readonly string[]) {
  // Variables of a commit that runs these tests would name its repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  const { status, stdout, stderr } = spawnSync('git', args, {
    cwd: folder,
    env: { ...env, GIT_CONFIG_GLOBAL: '/dev/null' },
    encoding: 'utf8',
  });
  return { status, text: stdout + stderr };
}

function commit({ subject, text = 'export const size = 1;\n' }: { subject: string; text?: string }) {
  writeFileSync(join(folder, 'staged.ts'), text);
  git('add', 'staged.ts');
  return git('commit', '--message', subject);
}

const committed = () => git('log', '--format=%s').text.trim();

test('the hooks accept a commit with formatted files and a conventional subject', () => {
  createRepository();
  writeFileSync(join(folder, 'unstaged.ts'), 'export  const  size = 1\n');
  expect(commit({ subject: 'feat(sync)!: search for a type once' })).toEqual(expect.objectContaining({ status: 0 }));
  expect(committed()).toBe('feat(sync)!: search for a type once');
});

test('the hook pre-commit refuses staged files with a wrong format', () => {
  createRepository();
  const { status, text } = commit({ subject: 'fix: repair it', text: 'export  const  size = 1\n' });
  expect(status).toBe(1);
  expect(text).toContain('pre-commit: Biome found faults in staged files. Run `pnpm format`');
});

test('the hook pre-commit says how to install Biome if it is missing', () => {
  createRepository();
  rmSync(join(folder, 'node_modules'));
  const { status, text } = commit({ subject: 'fix: repair it' });
  expect(status).toBe(1);
  expect(text).toContain('node_modules/.bin/biome is missing. Run: node scripts/install.mjs');
});

/** Runs only the hook commit-msg. */
function checkMessage(message: string) {
  const file = join(folder, 'message');
  writeFileSync(file, message);
  return spawnSync(join(import.meta.dirname, 'commit-msg'), [file], { encoding: 'utf8' });
}

test.each([
  { subject: `fix: ${'ä'.repeat(67)}` },
  { subject: 'perf(fhir,store): parse numbers faster' },
  { subject: '# a comment of git\n\ndocs: describe the hooks' },
  { subject: "Merge branch 'main'" },
  { subject: 'Revert "fix: repair it"' },
  { subject: 'fixup! fix: repair it' },
])('the hook commit-msg accepts "$subject"', ({ subject }) => {
  const { status, stderr } = checkMessage(`${subject}\n`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.each([
  { subject: `fix: ${'a'.repeat(68)}`, message: 'The subject has 73 characters. Shorten it to 72' },
  { subject: 'repair it', message: 'The subject is not a Conventional Commit' },
  { subject: 'feature: add it', message: 'The subject is not a Conventional Commit' },
  { subject: 'fix:repair it', message: 'The subject is not a Conventional Commit' },
  { subject: '# only a comment', message: 'The subject is not a Conventional Commit' },
])('the hook commit-msg refuses "$subject"', ({ subject, message }) => {
  const { status, stderr } = checkMessage(`${subject}\n\nThe body.\n`);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});
