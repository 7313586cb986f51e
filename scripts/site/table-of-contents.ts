import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A link of the table of contents. */
export interface Entry {
  readonly text: string;
  /** The linked file, from the root of the repository. */
  readonly file: string;
  /** The linked heading, with its `#`, or an empty string. */
  readonly hash: string;
}

/** A part of a section below a line such as "Operate it:". Entries above the first such line are in a group without a title. */
export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

export interface Section {
  readonly title: string;
  readonly groups: readonly Group[];
}

export const root = join(import.meta.dirname, '..', '..');
/** The page that lists all pages. The navigation of the site is derived from it. */
export const contentsPage = 'docs/README.md';

/** Reads the sections of the page that lists all pages. */
export function readSections(): readonly Section[] {
  const [, ...sections] = readFileSync(join(root, contentsPage), 'utf8').split(/^## /m);
  return sections.map((section) => {
    const [title = '', ...lines] = section.split('\n');
    const groups = lines.join('\n').split(/^(?=[A-Z][^\n[\]]*:$)/m);
    return { title, groups: groups.map(toGroup).filter(({ entries }) => entries.length > 0) };
  });
}

/** Returns the pages of the site: the start page, the list of all pages, and each Markdown file in that list. */
export function listPages(sections: readonly Section[]): readonly string[] {
  const files = sections.flatMap(({ groups }) => groups.flatMap(({ entries }) => entries.map(({ file }) => file)));
  return [...new Set(['README.md', contentsPage, ...files.filter((file) => file.endsWith('.md'))])];
}

function toGroup(text: string): Group {
  const [, title = ''] = /^([A-Z][^\n[\]]*):$/m.exec(text) ?? [];
  return { title, entries: entriesOf(text) };
}

function entriesOf(text: string): Entry[] {
  return [...text.matchAll(/\[([^\]]+)\]\(([^)#\s]*)(#[^)\s]+)?\)/g)].map(([, label = '', target = '', hash = '']) => ({
    text: label.charAt(0).toUpperCase() + label.slice(1).replaceAll(/\s+/g, ' '),
    file: posix.join(posix.dirname(contentsPage), target),
    hash,
  }));
}
