import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSecretBox } from './secret-box.ts';

const current = randomBytes(32);
const box = createSecretBox({ current });
const plaintext = Buffer.from('simulator-secret');
const sealed = box.seal({ plaintext, owner: 'conn_1' });

test('opens for its owner and holds nothing readable', () => {
  expect(box.open({ sealed, owner: 'conn_1' })).toEqual(plaintext);
  expect(Buffer.from(sealed).includes(plaintext)).toBe(false);
  expect(box.seal({ plaintext, owner: 'conn_1' })).not.toBe(sealed);
});

test('does not open for another owner, with another key, or changed', () => {
  const parts = sealed.split('.');
  const flipped = Buffer.from(parts[4] ?? '', 'base64url').map((byte) => byte ^ 1);
  const changed = [...parts.slice(0, 4), Buffer.from(flipped).toString('base64url')].join('.');
  expect(() => box.open({ sealed, owner: 'conn_2' })).toThrow('cannot be opened');
  expect(() => createSecretBox({ current: randomBytes(32) }).open({ sealed, owner: 'conn_1' })).toThrow(
    'cannot be opened',
  );
  expect(() => box.open({ sealed: changed, owner: 'conn_1' })).toThrow('cannot be opened');
});

test('a former key opens what it sealed, and seals nothing any more', () => {
  const rotated = createSecretBox({ current: randomBytes(32), previous: [current] });
  expect(rotated.open({ sealed, owner: 'conn_1' })).toEqual(plaintext);
  const again = rotated.seal({ plaintext, owner: 'conn_1' });
  expect(rotated.open({ sealed: again, owner: 'conn_1' })).toEqual(plaintext);
  expect(() => box.open({ sealed: again, owner: 'conn_1' })).toThrow('cannot be opened');
});

test('a tag that was cut short opens nothing', () => {
  const parts = sealed.split('.');
  const short = Buffer.from(parts[3] ?? '', 'base64url')
    .subarray(0, 4)
    .toString('base64url');
  const cut = [...parts.slice(0, 3), short, parts[4]].join('.');
  expect(() => box.open({ sealed: cut, owner: 'conn_1' })).toThrow('cannot be opened');
});
