import { expect, test } from '@jest/globals';
import { findSuperlinear } from './growth.ts';

test('a regular expression that takes quadratic time on an open string is found', async () => {
  const quadratic = /"(?:[^"\\]|\\.)*"/g;
  const parse = (text: string) => text.replace(quadratic, '');
  const growths = await findSuperlinear({ parse, smallestBytes: 20_000, attempts: 2 });
  expect(growths.map(({ run }) => run)).toContain('\\"');
});

test('a parser that reads each character once is not found', async () => {
  expect(await findSuperlinear({ parse: (text) => text.split(''), smallestBytes: 200_000 })).toEqual([]);
});

test('a reader that copies a list for each of its elements is found', async () => {
  const parse = (text: string) => {
    // One list is enough. Each takes seconds.
    if (!text.startsWith('[{}')) return undefined;
    let copy: readonly unknown[] = [];
    for (const element of JSON.parse(text)) copy = [...copy, element];
    return copy;
  };
  const growths = await findSuperlinear({ parse, listElements: [], smallestBytes: 20_000, attempts: 2 });
  expect(growths.map(({ run }) => run)).toContain('a list of {}');
});

test('a reader that compares each value with all others is found', async () => {
  const parse = (text: string) => {
    const values: string[] = [];
    for (const value of text.split(',')) if (!values.includes(value)) values.push(value);
    return values;
  };
  const growths = await findSuperlinear({ parse, smallestBytes: 40_000, attempts: 2 });
  expect(growths.map(({ run }) => run)).toContain('different values, ,');
});
