import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { codesOf, fixedAt, hasFixedMessage, isForPrograms, lineOf, textOf, titleOf } from './code-texts.ts';

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

test('a message with values is shown in words, without what names a route', () => {
  expect(textOf('error', { code: 'token-refused', message })).toBe(message);
  expect(textOf('error', { code: 'no-group', message: 'Set the practiceId or the groupId.' })).toBe(
    'Set the practice id or the group id.',
  );
  const otherId = 'This id begins with `job_`. List the connections with GET /api/ehr/connections.';
  expect(textOf('error', { code: 'unknown-connection', message: otherId })).toBe('This id begins with job_.');
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

interface Documented {
  readonly code: string;
  readonly message: string;
}

/** The errors of the OpenAPI document. */
const documented: Documented[] = [];
JSON.parse(
  readFileSync(new URL('../../../apps/api/openapi.json', import.meta.url), 'utf8'),
  (key, value: Documented) => {
    if (key === 'error' && typeof value.code === 'string' && typeof value.message === 'string') documented.push(value);
    return value;
  },
);
const specific = documented.filter(
  (error, index) =>
    !hasFixedMessage('error', error) && documented.findIndex(({ message }) => message === error.message) === index,
);

test('the documented errors have messages with values', () => expect(specific.length).toBeGreaterThan(20));

test.each(specific)('the console shows what the message of $code says: $message', ({ code, message }) => {
  const sentences = message.split(/(?<=[.!?]) (?=[A-Z])/).filter((sentence) => !/\b(?:GET|POST) \//.test(sentence));
  const lettersOf = (text: string) => text.toLowerCase().replaceAll(/[` ]/g, '');
  const shown = textOf('error', { code, message });
  expect(shown).not.toContain('`');
  for (const sentence of sentences) expect(lettersOf(shown)).toContain(lettersOf(sentence));
});
