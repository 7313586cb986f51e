import { expect, test } from '@jest/globals';
import { peopleTextOf } from './people-text.ts';

test('a code of a run has the texts of its table', () => {
  expect(peopleTextOf('token-refused')).toMatchObject({ title: 'The EHR refuses the credentials' });
  expect(peopleTextOf('quarantine-full')?.advice).toMatch(/^See the reasons/);
});

test('a code of another version has no texts', () => {
  expect(peopleTextOf('moon-too-bright')).toBeUndefined();
  expect(peopleTextOf('constructor')).toBeUndefined();
});
