import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSecretBox } from './secret-box.ts';

const current = randomBytes(32);
const box = createSecretBox({ current });
const plaintext = Buffer.from('simulator-secret');
const sealed = box.seal({ plaintext, owner: 'conn_1' });

test('an encrypted value does not contain the plaintext and is decrypted for its owner', () => {
  expect(box.open({ sealed, owner: 'conn_1' })).toEqual(plaintext);
  expect(Buffer.from(sealed).includes(plaintext)).toBe(false);
  expect(box.seal({ plaintext, owner: 'conn_1' })).not.toBe(sealed);
});

test('an encrypted value is not decrypted for another owner, with another key, or after a change', () => {
  const parts = sealed.split('.');
  const flipped = Buffer.from(parts[4] ?? '', 'base64url').map((byte) => byte ^ 1);
  const changed = [...parts.slice(0, 4), Buffer.from(flipped).toString('base64url')].join('.');
  expect(() => box.open({ sealed, owner: 'conn_2' })).toThrow('cannot be decrypted');
  expect(() => createSecretBox({ current: randomBytes(32) }).open({ sealed, owner: 'conn_1' })).toThrow(
    'cannot be decrypted',
  );
  expect(() => box.open({ sealed: changed, owner: 'conn_1' })).toThrow('cannot be decrypted');
});

test('a previous key still decrypts its values but no longer encrypts', () => {
  const rotated = createSecretBox({ current: randomBytes(32), previous: [current] });
  expect(rotated.open({ sealed, owner: 'conn_1' })).toEqual(plaintext);
  const again = rotated.seal({ plaintext, owner: 'conn_1' });
  expect(rotated.open({ sealed: again, owner: 'conn_1' })).toEqual(plaintext);
  expect(() => box.open({ sealed: again, owner: 'conn_1' })).toThrow('cannot be decrypted');
});

test('a value with a truncated authentication tag is not decrypted', () => {
  const parts = sealed.split('.');
  const short = Buffer.from(parts[3] ?? '', 'base64url')
    .subarray(0, 4)
    .toString('base64url');
  const cut = [...parts.slice(0, 3), short, parts[4]].join('.');
  expect(() => box.open({ sealed: cut, owner: 'conn_1' })).toThrow('cannot be decrypted');
});
