import { expect, test } from '@jest/globals';
import { toEhrText } from './shown-text.ts';

test.each([
  { name: 'control characters', text: 'a\u0000b\u001b[31mc\r\nd\u009be', expected: 'a b [31mc d e' },
  { name: 'characters that change the direction of text', text: 'a\u202eb\u2066c', expected: 'a b c' },
  { name: 'zero-width characters', text: 'a\u200bb\ufeffc', expected: 'a b c' },
  {
    name: 'markup',
    text: '<html><body class="x">Down for <b>maintenance</b></body>',
    expected: 'Down for maintenance',
  },
  { name: 'lone surrogates', text: 'a\ud800b', expected: 'a b' },
])('toEhrText removes $name', ({ text, expected }) => {
  expect(toEhrText(text)).toBe(expected);
});

test('toEhrText cuts text to 500 characters', () => {
  expect(toEhrText('x'.repeat(1_000_000))).toHaveLength(500);
});

test('toEhrText returns undefined if nothing is left to show', () => {
  expect(toEhrText(' \u0000\n<br>')).toBeUndefined();
});
