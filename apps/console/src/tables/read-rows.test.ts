import { expect, test } from '@jest/globals';
import { readRows } from './read-rows.ts';

test('the rows of a preview keep the text of numbers, join lists, and show nothing for null', () => {
  const ndjson = '{"id":"a","value":1.50,"codes":["x","y"],"flag":false,"none":null}\n{"id":"b"}\n';
  expect(readRows(ndjson)).toEqual([
    { number: 1, cells: { id: 'a', value: '1.50', codes: 'x, y', flag: 'false', none: '' } },
    { number: 2, cells: { id: 'b' } },
  ]);
  expect(readRows('')).toEqual([]);
});
