import { expect, test } from '@jest/globals';
import { checkPaging, maxSearchPages } from './paging-loop.ts';

/** Follows pages from page 1, whose URLs are numbers. @returns the page at which the check stopped */
function follow(next: (page: number) => number): { readonly pages: number; readonly longestMark: number } {
  let loopMark: string | undefined;
  let longestMark = 0;
  let url = 1;
  for (let pages = 1; ; pages++) {
    const mark = loopMark === undefined ? {} : { loopMark };
    const checked = checkPaging({ pages, ...mark, url: String(url), nextUrl: String(next(url)) });
    if ('error' in checked) return { pages, longestMark };
    loopMark = checked.loopMark;
    longestMark = Math.max(longestMark, loopMark?.length ?? 0);
    url = next(url);
  }
}

test('checkPaging stops immediately at a page that links to itself', () => {
  expect(follow(() => 1).pages).toBe(1);
  expect(follow((page) => Math.min(page + 1, 6)).pages).toBe(6);
});

test.each([
  { start: 1, length: 2 },
  { start: 1, length: 3 },
  { start: 5, length: 7 },
  { start: 40, length: 2 },
  { start: 3, length: 100 },
])(
  'checkPaging finds a cycle of $length pages that begins at page $start with a single stored hash',
  ({ start, length }) => {
    const { pages, longestMark } = follow((page) => (page === start + length - 1 ? start : page + 1));
    expect(pages).toBeGreaterThanOrEqual(length);
    expect(pages).toBeLessThanOrEqual(3 * (start + length));
    expect(longestMark).toBe(43);
  },
);

test('checkPaging stops at the page limit if a server invents a new URL for each page', () => {
  expect(follow((page) => page + 1).pages).toBe(maxSearchPages);
});
