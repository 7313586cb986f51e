import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { packageManager } = JSON.parse(read('package.json'));

/** Returns the packages that the commands in a text download and run, or install. */
function packagesIn(text: string): string[] {
  const command =
    /(?:^|[^\w./-])(?:npx|pnpx|bunx|npm (?:exec|x|install|i|add)|pnpm (?:dlx|install|i|add)|yarn (?:add|dlx)|npm create)((?: +-{1,2}[\w=:/.-]+)*)(?: +--)?(?: +([@\w./~][^\s`'")]*))?/g;
  return [...text.matchAll(command)].flatMap(([, , name]) => (name === undefined ? [] : [name]));
}

test.each([
  { text: '`npx bulkhead export list`', packages: ['bulkhead'] },
  { text: 'run npx --yes @bulkhead/cli --help', packages: ['@bulkhead/cli'] },
  { text: 'npm install --global bulkhead', packages: ['bulkhead'] },
  { text: 'pnpm dlx bulkhead', packages: ['bulkhead'] },
  { text: 'pnpm exec node main.ts', packages: [] },
  { text: '`npx ./bulkhead-cli-VERSION.tgz --help`', packages: ['./bulkhead-cli-VERSION.tgz'] },
  { text: 'npx -y pnpm@12.21.0 install', packages: ['pnpm@12.21.0'] },
  { text: 'Run `npm install`, then continue.', packages: [] },
])('the search finds $packages in $text', ({ text, packages }) => {
  expect(packagesIn(text)).toEqual(packages);
});

// Anyone can claim a name that is free, and every reader of the page would then run that program.
test('no document runs or installs a package by name, except for the version of pnpm that the project pins', () => {
  const pages = tracked.filter(
    (file) => /[.](?:md|ya?ml)$/.test(file) && file !== 'CHANGELOG.md' && !file.includes('lock'),
  );
  const named = pages.flatMap((page) => packagesIn(read(page)).map((name) => ({ page, name })));
  expect(named.length).toBeGreaterThan(3);
  const isFile = (name: string) => /^[./]/.test(name) && !name.startsWith('@');
  expect(named.filter(({ name }) => name !== packageManager && !isFile(name))).toEqual([]);
});

test('every package has a name in the scope of the project, and only the two for users can be published', () => {
  const manifests = tracked
    .filter((file) => file.endsWith('package.json'))
    .map((file) => ({ file, ...JSON.parse(read(file)) }));
  const ours = manifests.filter(({ file }) => file !== 'package.json');
  expect(ours.filter(({ name }) => !/^@bulkhead\/[a-z-]+$/.test(name))).toEqual([]);
  const published = manifests.filter((manifest) => manifest.private !== true).map(({ name }) => name);
  expect(published.toSorted()).toEqual(['@bulkhead/cli', '@bulkhead/client']);
});
