import { globSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { listPages, readSections, root } from './table-of-contents.ts';

const sections = readSections();

test('docs/README.md lists every page of docs/ and of the root, so that each is a page of the site', () => {
  const files = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
  expect(files.length).toBeGreaterThan(50);
  const pages = listPages(sections);
  expect(files.filter((file) => !pages.includes(file))).toEqual([]);
});

test('the sections of docs/README.md become the navigation, with the groups of a section and the links of each group', () => {
  expect(sections.map(({ title }) => title)).toEqual(['Start', 'How to', 'Reference', 'Explanation', 'Decisions']);
  const groups = sections[1]?.groups ?? [];
  expect(groups.map(({ title }) => title)).toEqual(['Use it', 'Operate it', 'Change the code']);
  expect(groups[2]?.entries).toContainEqual({ text: 'Add a job', file: 'docs/add-a-job.md', hash: '' });
  expect(sections[0]?.groups[0]?.entries[0]).toEqual({ text: 'Try it', file: 'README.md', hash: '#try-it' });
});
