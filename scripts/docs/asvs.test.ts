import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/asvs.md'), 'utf8');
const row = /^\| (\d[\d., ]*) \| ([\d, ]+) \| .+? \| (met|not met|not applicable) \| (.+) \|$/gm;

/** Every requirement of the page with its level. */
const requirements = [...page.matchAll(row)].flatMap(([, ids = '', levels = '', verdict, reason = '']) => {
  const levelsOfRow = levels.split(', ');
  return ids.split(', ').map((id, index) => ({ id, level: levelsOfRow[index] ?? levelsOfRow[0], verdict, reason }));
});

/** The numbers of ASVS 5.0.0, by the tables of OWASP. */
const published = { '1': 70, '2': 183 };

test('docs/asvs.md lists each requirement of levels 1 and 2 once', () => {
  const ids = requirements.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  for (const [level, count] of Object.entries(published))
    expect(requirements.filter((requirement) => requirement.level === level)).toHaveLength(count);
});

test.each([
  { name: 'level 1', levels: ['1'] },
  { name: 'level 2', levels: ['2'] },
  { name: 'both', levels: ['1', '2'] },
])('docs/asvs.md has a correct summary of the verdicts of $name', ({ name, levels }) => {
  const counts = ['met', 'not met', 'not applicable'].map(
    (verdict) =>
      requirements.filter((requirement) => requirement.verdict === verdict && levels.includes(requirement.level ?? ''))
        .length,
  );
  const sum = counts.reduce((total, count) => total + count, 0);
  expect(page).toContain(`| ${name} | ${counts.join(' | ')} | ${sum} |`);
});

const testFiles = globSync(['{apps,packages}/*/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts'], {
  cwd: root,
  exclude: ['**/node_modules'],
});

/** The text of each test file with this name. */
function testsNamed(name: string): string[] {
  return testFiles.filter((file) => basename(file) === name).map((file) => readFileSync(join(root, file), 'utf8'));
}

const met = requirements.filter(({ verdict }) => verdict === 'met');

test('each requirement that docs/asvs.md calls met names a test that runs, or says that it was only read', () => {
  const unproven = met.filter(({ reason }) => {
    const names = [...reason.matchAll(/`([\w.-]+\.test\.ts)`/g)].map(([, name = '']) => name);
    const areRun = names.length > 0 && names.every((name) => testsNamed(name).some((text) => !isSkipped(text)));
    return !areRun && !/\bonly read\b/.test(reason);
  });
  expect(unproven.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
});

/** Whether a file always skips its tests. Tests that need Docker or published examples run where these are. */
function isSkipped(text: string): boolean {
  return /^(?:test|it|describe)\.skip\(|^(?:test|it)\.only\(/m.test(text);
}

test('each title of a test that docs/asvs.md quotes exists in the named file', () => {
  const quoted = met.flatMap(({ id, reason }) =>
    [...reason.matchAll(/`([\w.-]+\.test\.ts)` \(((?:"[^"]+"(?:, )?)+)\)/g)].flatMap(([, name = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ id, name, title })),
    ),
  );
  expect(quoted.length).toBeGreaterThan(20);
  // `…` stands for the rest of a title, and for a value that `test.each` puts into it.
  const isThere = ({ name, title }: { readonly name: string; readonly title: string }) =>
    testsNamed(name).some((text) => title.split('…').every((part) => text.includes(part.trim())));
  expect(quoted.filter((quote) => !isThere(quote))).toEqual([]);
});

const pagesWithFiles = [
  'docs/asvs.md',
  'docs/audit.md',
  'docs/security.md',
  ...globSync('docs/security/*.md', { cwd: root }),
];

test.each(pagesWithFiles)('%s names only files that exist', (path) => {
  const patterns = ['*', '{apps,packages}/*/{src,test}/**/*.ts', 'scripts/**/*.{ts,mjs}', 'docker/**/*', 'docs/*'];
  const files = globSync([...patterns, '.dockerignore'], { cwd: root, exclude: ['**/node_modules'] });
  const names = new Set(files.map((file) => basename(file)));
  const text = readFileSync(join(root, path), 'utf8');
  const namedFiles = [...text.matchAll(/`([\w.-]+\.(?:ts|mjs|yaml|json)|Dockerfile|\.dockerignore)`/g)].map(
    ([, name = '']) => name,
  );
  expect(namedFiles.length).toBeGreaterThan(5);
  expect(namedFiles.filter((name) => !names.has(name))).toEqual([]);
});
