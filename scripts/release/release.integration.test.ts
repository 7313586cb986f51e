import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { filesWithVersion } from './versioned-files.ts';

const project = join(import.meta.dirname, '..', '..');
const { packageManager, version: current } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
const today = new Date().toISOString().slice(0, 10);
/** A small repository of the same form. Its program for bills of materials needs no lockfile. */
const files = {
  'package.json': `{ "name": "small", "version": "0.1.0", "private": true, "packageManager": "${packageManager}" }\n`,
  'packages/public/package.json': '{ "name": "small-public", "version": "0.1.0", "license": "MIT" }\n',
  'packages/internal/package.json': '{ "name": "small-internal", "version": "0.1.0", "private": true }\n',
  'docs/history.md': 'Version 0.1.0 was small.\n',
  'docker/Dockerfile': 'FROM base AS runtime\nFROM runtime AS api\nFROM runtime AS worker\n',
  'scripts/release/sbom.mjs':
    "import fs from 'node:fs'; fs.mkdirSync(process.argv[2]); fs.writeFileSync(process.argv[2] + '/api.cdx.json', '');\n",
  'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\nThe first text.\n',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-release-test-'));
  for (const [file, text] of Object.entries(files)) write(file, text);
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'A tester');
  git('config', 'user.email', 'tester@example.org');
  commit('feat: begin');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

const read = (file: string) => readFileSync(join(folder, file), 'utf8');

function spawn(program: string, args: readonly string[]) {
  const { GIT_DIR: _dir, GIT_INDEX_FILE: _index, ...env } = process.env;
  const options = { cwd: folder, env: { ...env, TMPDIR: tmpdir() }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  return { status, stdout, stderr };
}

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawn('git', args);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function commit(message: string): void {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', message);
}

function release(...args: readonly string[]) {
  return spawn(process.execPath, [join(import.meta.dirname, 'release.ts'), ...args]);
}

test('the first release has the version of package.json and the written text, without a list of commits', () => {
  const { status, stdout } = release();
  expect(status).toBe(0);
  expect(stdout).toContain('git push --atomic origin main v0.1.0');
  expect(git('tag', '--points-at', 'HEAD')).toBe('v0.1.0');
  expect(git('log', '-1', '--format=%s')).toBe('chore(release): 0.1.0');
  expect(read('CHANGELOG.md')).toBe(`# Changelog\n\n## Unreleased\n\n## 0.1.0 - ${today}\n\nThe first text.\n`);
  expect(git('status', '--porcelain')).toBe('');
});

test('a later release changes every file that names the version, and lists the commits since the last tag', () => {
  release();
  commit('fix(store): close the cursor');
  commit('feat(api)!: remove a field');
  expect(release()).toMatchObject({ status: 0 });
  expect(git('tag', '--points-at', 'HEAD')).toBe('v0.2.0');
  for (const file of ['package.json', 'packages/public/package.json', 'packages/internal/package.json'])
    expect(JSON.parse(read(file)).version).toBe('0.2.0');
  expect(read('docs/history.md')).toBe(files['docs/history.md']);
  const changelog = read('CHANGELOG.md');
  expect(changelog).toContain(`## 0.2.0 - ${today}\n\n### Breaking changes\n\n- **api**: remove a field (`);
  expect(changelog).toContain('### Fixes\n\n- **store**: close the cursor (');
  expect(changelog).not.toContain('- begin');
});

test.each([
  { obstacle: 'uncommitted changes', prepare: () => write('new.txt', ''), message: 'The working tree has changes.' },
  {
    obstacle: 'another branch',
    prepare: () => void git('switch', '--quiet', '--create', 'topic'),
    message: 'A release is made from main, and this is topic.',
  },
])('pnpm release refuses $obstacle and changes nothing', ({ prepare, message }) => {
  prepare();
  const { status, stderr } = release();
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
  expect(git('tag')).toBe('');
  expect(read('CHANGELOG.md')).toBe(files['CHANGELOG.md']);
});

test('pnpm release refuses commits that change nothing for users', () => {
  release();
  commit('docs: describe it');
  expect(release()).toMatchObject({ status: 1, stderr: expect.stringContaining('Nothing to release: since 0.1.0') });
});

test('pnpm release refuses an unknown option', () => {
  expect(release('--publish')).toMatchObject({ status: 1, stderr: expect.stringContaining('usage: pnpm release') });
});

test('a dry run prints the plan with its obstacles, and writes only to a temporary folder', () => {
  write('new.txt', '');
  const head = git('rev-parse', 'HEAD');
  const { status, stdout } = release('--dry-run');
  expect(status).toBe(0);
  for (const line of [
    'Version    0.1.0 (the first release has the version of package.json)',
    'Obstacle   The working tree has changes.',
    'Changes    CHANGELOG.md\n',
    'Tag        v0.1.0',
    'Image      bulkhead-api:0.1.0',
    'Image      bulkhead-worker:0.1.0',
    'The first text.',
    '  docker push $REGISTRY/bulkhead-worker:0.1.0',
    'npm publish',
  ])
    expect(stdout).toContain(line);
  const plan = stdout.trim().split(' ').at(-1) ?? '';
  expect(readdirSync(plan).sort()).toEqual(['CHANGELOG.md', 'notes.md', 'packages', 'sbom']);
  // Only the public package.
  expect(readdirSync(join(plan, 'packages'))).toEqual(['small-public-0.1.0.tgz']);
  expect(readFileSync(join(plan, 'notes.md'), 'utf8')).toBe('The first text.\n');
  rmSync(plan, { recursive: true });
  expect(git('rev-parse', 'HEAD')).toBe(head);
  expect(git('tag')).toBe('');
  expect(git('status', '--porcelain')).toBe('?? new.txt');
});

test('the artifacts of a tag are the text of the release, the bills of materials and the public packages', () => {
  release();
  expect(release('--artifacts', 'out')).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'out/notes.md'), 'utf8')).toBe('The first text.\n');
  expect(readdirSync(join(folder, 'out/sbom'))).toEqual(['api.cdx.json']);
  expect(readdirSync(join(folder, 'out/packages'))).toEqual(['small-public-0.1.0.tgz']);
});

test('a commit without the tag of its version has no artifacts', () => {
  expect(release('--artifacts', 'out')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('This commit has no tag v0.1.0'),
  });
  expect(existsSync(join(folder, 'out'))).toBe(false);
});

test('a release changes every file of this repository that names the version, outside of tests', () => {
  const tracked = spawnSync('git', ['ls-files'], { cwd: project, encoding: 'utf8' }).stdout.trim().split('\n');
  const sources = tracked.filter(
    (file) => /^(?:apps|docker|docs|packages)\//.test(file) && !/[.]test[.]ts$/.test(file),
  );
  const isManifest = (file: string) => file.endsWith('package.json');
  const naming = sources.filter((file) =>
    readFileSync(join(project, file), 'utf8')
      .split(/[^\d.]+/)
      .includes(current),
  );
  const expected = [...naming.filter((file) => !isManifest(file)), ...tracked.filter(isManifest)];
  const found = filesWithVersion({ root: project, files: tracked, version: current });
  expect(found.toSorted()).toEqual(expected.toSorted());
  expect(found).toContain('packages/http/src/openapi/create-api-document.ts');
});
