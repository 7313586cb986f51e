import { expect, test } from '@jest/globals';
import { toEhrText } from './shown-text.ts';

test.each([
  { name: 'control characters', text: 'a\u0000b\u001b[31mc\r\nd\u009be', expected: 'a b [31mc d e' },
  { name: 'characters that turn the direction of text', text: 'a\u202eb\u2066c', expected: 'a b c' },
  { name: 'zero-width characters', text: 'a\u200bb\ufeffc', expected: 'a b c' },
  {
    name: 'markup',
    text: '<html><body class="x">Down for <b>maintenance</b></body>',
    expected: 'Down for maintenance',
  },
  { name: 'lone surrogates', text: 'a\ud800b', expected: 'a b' },
])('text of an EHR is shown without $name', ({ text, expected }) => {
  expect(toEhrText(text)).toBe(expected);
});

test('text of an EHR is cut to 500 characters', () => {
  expect(toEhrText('x'.repeat(1_000_000))).toHaveLength(500);
});

test('text of an EHR that has nothing to show is undefined', () => {
  expect(toEhrText(' \u0000\n<br>')).toBeUndefined();
});
