import { expect, test } from '@jest/globals';
import { codesOf, fixedAt, isForPrograms, lineOf, textOf, titleOf } from './code-texts.ts';

const kinds = ['error', 'warning', 'quarantine'] as const;
/** A field in dots, such as `details.reason`. */
const dotted = /\b[a-z]+\.[a-z]+/;

test.each(kinds.flatMap((kind) => codesOf(kind).map((code) => ({ kind, code }))))(
  'the $kind $code has a title and a text for people',
  ({ kind, code }) => {
    const title = titleOf(kind, code);
    const texts = [title, textOf(kind, { code, message: '' }), lineOf(kind, { code, message: '' })];
    for (const text of texts) {
      expect(isForPrograms(text)).toBe(false);
      expect(text).not.toMatch(dotted);
      expect(text).not.toBe('');
    }
    expect(title).not.toContain(code.includes('-') ? code : `${code}.`);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(texts[1]).toMatch(/^[A-Z].*\.$/);
  },
);

const message = 'The EHR refused the token (invalid_client). Enter the secret again.';

test('a message with values is shown, and one for programs is replaced by the advice', () => {
  expect(textOf('error', { code: 'token-refused', message })).toBe(message);
  expect(textOf('error', { code: 'no-group', message: 'Set the practiceId or the groupId.' })).toBe(
    'Set the practice id or the group id of the connection.',
  );
  expect(textOf('error', { code: 'unavailable', message: 'Send GET /health.' })).toMatch(/^Try again/);
});

test('a message that is always the same is replaced by the title and the advice', () => {
  const same = 'The export has ended, so there is nothing to cancel. What it stored stays.';
  expect(lineOf('error', { code: 'export-ended', message: same })).toBe(
    'The export has already ended. There is nothing to cancel. Everything that was stored stays.',
  );
});

test('a message that was rewritten for the reader is shown', () => {
  const toShown = () => 'List them with `bulkhead erasures list`.';
  const listed = 'No erasure has this id. List them with GET /api/ehr/erasures.';
  expect(textOf('error', { code: 'unknown-erasure', message: listed, toShown })).toBe(toShown());
});

test('the code of another version is shown in words, with its message', () => {
  expect(titleOf('warning', 'moon-too-bright')).toBe('Moon too bright');
  expect(textOf('warning', { code: 'moon-too-bright', message })).toBe(message);
});

test('only codes that one place fixes lead there', () => {
  expect(fixedAt('error', 'token-refused')).toBe('credentials');
  expect(fixedAt('warning', 'lines-quarantined')).toBe('quarantine');
  expect(fixedAt('error', 'internal')).toBeUndefined();
});
