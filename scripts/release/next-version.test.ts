import { expect, test } from '@jest/globals';
import { nextVersion, parseCommit } from './next-version.ts';

const parse = (message: string) => parseCommit({ hash: 'abc1234', message });
const next = (previous: string | undefined, ...messages: readonly string[]) =>
  nextVersion({ previous, current: '0.1.0', commits: messages.map(parse) });

test('parseCommit reads the type, the scope and the subject', () => {
  expect(parse('fix(fhir,store): parse 1.50\n\nThe body: with a colon.\n')).toEqual({
    hash: 'abc1234',
    type: 'fix',
    scope: 'fhir,store',
    subject: 'parse 1.50',
    isBreaking: false,
    breakingNote: undefined,
  });
});

test('parseCommit keeps the first line of a message that is not a Conventional Commit', () => {
  expect(parse('repair it')).toMatchObject({ type: undefined, subject: 'repair it', isBreaking: false });
});

test('parseCommit finds a breaking change by the exclamation mark', () => {
  expect(parse('feat(api)!: remove a field')).toMatchObject({
    type: 'feat',
    scope: 'api',
    subject: 'remove a field',
    isBreaking: true,
    breakingNote: undefined,
  });
});

test.each(['BREAKING CHANGE', 'BREAKING-CHANGE'])('parseCommit reads the footer %s', (footer) => {
  const { isBreaking, breakingNote } = parse(`fix: rename it\n\nThe body.\n\n${footer}: set A\ninstead of B`);
  expect({ isBreaking, breakingNote }).toEqual({ isBreaking: true, breakingNote: 'set A\ninstead of B' });
});

test('nextVersion takes the version of package.json for the first release', () => {
  expect(next(undefined, 'feat!: begin').version).toBe('0.1.0');
});

test.each([
  { previous: '1.2.3', message: 'feat!: remove it', version: '2.0.0' },
  { previous: '1.2.3', message: 'fix: rename it\n\nBREAKING CHANGE: set A', version: '2.0.0' },
  { previous: '0.2.3', message: 'feat!: remove it', version: '0.3.0' },
  { previous: '1.2.3', message: 'feat(api): add it', version: '1.3.0' },
  { previous: '0.2.3', message: 'feat: add it', version: '0.3.0' },
  { previous: '1.2.3', message: 'fix: repair it', version: '1.2.4' },
  { previous: '0.2.3', message: 'perf(fhir): parse faster', version: '0.2.4' },
])('nextVersion makes $version of $previous for "$message"', ({ previous, message, version }) => {
  expect(next(previous, 'docs: describe it', message, 'fix: repair another').version).toBe(version);
});

test('nextVersion refuses a release without a feature or a fix', () => {
  expect(() => next('1.2.3', 'docs: describe it', 'refactor: move it')).toThrow(
    'Nothing to release: since 1.2.3 there is neither a feature nor a fix.',
  );
});
