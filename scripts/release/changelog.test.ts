import { expect, test } from '@jest/globals';
import { listCommits, releaseChangelog, sectionOf } from './changelog.ts';
import { parseCommit } from './next-version.ts';

const commits = [
  'feat(api)!: remove a field\n\nBREAKING CHANGE: read `total`\ninstead.',
  'docs: describe it',
  'feat: add a page',
  'fix(store): close the cursor',
  'perf: parse faster',
].map((message, index) => parseCommit({ hash: `abc000${index}`, message }));

const list = `### Breaking changes

- **api**: remove a field (abc0000)
  read \`total\` instead.

### Features

- add a page (abc0002)

### Fixes

- **store**: close the cursor (abc0003)

### Performance

- parse faster (abc0004)
`;

test('listCommits lists what users notice by kind, and breaking changes first', () => {
  expect(listCommits(commits)).toBe(list);
});

test('listCommits lists nothing if users notice nothing', () => {
  expect(listCommits(commits.slice(1, 2))).toBe('');
});

const options = { version: '0.2.0', date: '2026-12-01', list };

test('releaseChangelog moves the text of "Unreleased" to the version, before its commits and earlier versions', () => {
  const changelog = '# Changelog\n\n## Unreleased\n\nUpgrade Redis first.\n\n## 0.1.0 - 2026-11-01\n\nThe first one.\n';
  const released = releaseChangelog({ changelog, ...options });
  expect(released).toBe(
    `# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\nUpgrade Redis first.\n\n${list}\n## 0.1.0 - 2026-11-01\n\nThe first one.\n`,
  );
  expect(sectionOf({ changelog: released, title: '0.2.0' })).toBe(`Upgrade Redis first.\n\n${list.trim()}`);
  expect(sectionOf({ changelog: released, title: 'Unreleased' })).toBe('');
});

test('releaseChangelog releases an empty "Unreleased" at the end of the changelog', () => {
  expect(releaseChangelog({ changelog: '# Changelog\n\n## Unreleased\n', ...options })).toBe(
    `# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n${list}`,
  );
});

test('releaseChangelog keeps earlier versions directly after an empty "Unreleased"', () => {
  const changelog = '## Unreleased\n\n## 0.1.0 - 2026-11-01\n\nThe first one.\n';
  expect(releaseChangelog({ changelog, ...options, list: '' })).toBe(
    '## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n## 0.1.0 - 2026-11-01\n\nThe first one.\n',
  );
});

test('releaseChangelog refuses a changelog without "Unreleased"', () => {
  expect(() => releaseChangelog({ changelog: '# Changelog\n', ...options })).toThrow('has no line "## Unreleased"');
});

test('sectionOf does not confuse a version with a longer one', () => {
  expect(sectionOf({ changelog: '## 0.1.0-rc.1 - 2026-10-01\n\nA trial.\n', title: '0.1.0' })).toBe('');
});
