import { expect, test } from '@jest/globals';
import { pageOf, readPage } from './paging.ts';

const items = ['a', 'b', 'c'].map((id) => ({ id }));
const idOf = ({ id }: { readonly id: string }) => id;

test('a list without limit is returned whole, and has no next page', () => {
  expect(pageOf(items, {}, idOf)).toEqual({ items, next: undefined });
});

test.each([
  { query: { limit: 2 }, ids: 'ab', next: 'b' },
  { query: { limit: 2, cursor: 'b' }, ids: 'c', next: undefined },
  { query: { limit: 3 }, ids: 'abc', next: undefined },
  { query: { cursor: 'a' }, ids: 'bc', next: undefined },
  { query: { cursor: 'c' }, ids: '', next: undefined },
])('the page $query of a, b and c is "$ids"', ({ query, ids, next }) => {
  const page = pageOf(items, query, idOf);
  expect({ ids: page.items.map(idOf).join(''), next: page.next }).toEqual({ ids, next });
});

test('entries without an id are named by their position', () => {
  const first = pageOf(items, { limit: 2 });
  expect(pageOf(items, { limit: 2, cursor: first.next })).toEqual({ items: [{ id: 'c' }], next: undefined });
});

test('a cursor that no entry has is refused', () => {
  expect(() => pageOf(items, { cursor: 'gone' }, idOf)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
});

test('a page is read with one more entry, which decides whether another page follows', async () => {
  const read = async ({ limit, after }: { limit: number; after: string | undefined }) =>
    items.filter(({ id }) => after === undefined || id > after).slice(0, limit);
  expect(await readPage({ limit: 2 }, { ids: /^[abc]$/, read })).toEqual({ items: items.slice(0, 2), next: 'b' });
  expect(await readPage({ limit: 2, cursor: 'b' }, { ids: /^[abc]$/, read })).toEqual({
    items: items.slice(2),
    next: undefined,
  });
});
