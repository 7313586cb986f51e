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

const pagesWithFiles = ['docs/asvs.md', 'docs/audit.md', 'docs/security.md', 'scripts/mutation/README.md'];

test.each(pagesWithFiles)('%s names only files that exist', (path) => {
  const patterns = ['*', '{apps,packages}/*/{src,test}/**/*.ts', 'scripts/**/*.{ts,mjs}', 'docker/**/*', 'docs/*'];
  const files = globSync([...patterns, '.dockerignore'], { cwd: root, exclude: ['**/node_modules'] });
  const names = new Set(files.map((file) => basename(file)));
  const text = readFileSync(join(root, path), 'utf8');
  const namedFiles = [...text.matchAll(/`([\w.-]+\.(?:ts|mjs|yaml|json)|Dockerfile|\.dockerignore)`/g)].map(
    ([, name = '']) => name,
  );
  expect(namedFiles.length).toBeGreaterThan(10);
  expect(namedFiles.filter((name) => !names.has(name))).toEqual([]);
});
