import { expect, test } from '@jest/globals';
import { jsonFault } from './json-fault.ts';

test('the place where JSON breaks is shown with the text around it', () => {
  const fault = jsonFault(`[${'"x",'.repeat(100)}"a" "b", 1]`);
  expect(fault).toMatchObject({ at: '"', after: 'b", 1]', position: 406, text: 'A comma is missing here.' });
  expect(fault?.before).toHaveLength(60);
  expect(fault?.before.endsWith('"a" ')).toBe(true);
});

test.each([
  { line: '{"id":oops}', at: 'o', text: /quotation marks/ },
  { line: '{"id":"p1","name":[{"fam', at: '"', text: /no closing quotation mark/ },
  { line: '{"id":', at: '', text: 'A value is missing here.' },
  { line: '{"id":1}}', at: '}', text: 'The line should end here.' },
  { line: '{"id":1 /* one */}', at: '/', text: 'JSON has no comments.' },
  { line: '{"id":"\\q"}', at: '"', text: 'JSON has no such escape.' },
  { line: '{id:1}', at: 'i', text: /quotation marks/ },
])('$line breaks at "$at"', ({ line, at, text }) => {
  expect(jsonFault(line)).toMatchObject({
    at,
    text: typeof text === 'string' ? text : expect.stringMatching(text),
  });
});

test('JSON has no fault, also with control characters in its strings', () => {
  expect(jsonFault('{"text":"a\tb\u0001"}')).toBeUndefined();
});
