import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { AppError } from '../runtime/index.ts';
import { createSecretBox } from './secret-box.ts';

const current = randomBytes(32);
const box = createSecretBox({ current });
const plaintext = Buffer.from('simulator-secret');
const encrypted = box.encrypt({ plaintext, owner: 'conn_1' });

test('an encrypted value does not contain the plaintext and is decrypted for its owner', () => {
  expect(box.decrypt({ encrypted, owner: 'conn_1' })).toEqual(plaintext);
  expect(Buffer.from(encrypted).includes(plaintext)).toBe(false);
  expect(box.encrypt({ plaintext, owner: 'conn_1' })).not.toBe(encrypted);
});

test('an encrypted value is not decrypted for another owner, with another key, or after a change', () => {
  const parts = encrypted.split('.');
  const flipped = Buffer.from(parts[4] ?? '', 'base64url').map((byte) => byte ^ 1);
  const changed = [...parts.slice(0, 4), Buffer.from(flipped).toString('base64url')].join('.');
  expect(() => box.decrypt({ encrypted, owner: 'conn_2' })).toThrow('cannot be decrypted');
  expect(() => createSecretBox({ current: randomBytes(32) }).decrypt({ encrypted, owner: 'conn_1' })).toThrow(
    'cannot be decrypted',
  );
  expect(() => box.decrypt({ encrypted: changed, owner: 'conn_1' })).toThrow('cannot be decrypted');
});

test('a value of a key that this process lacks may be decrypted later, by a process that has the key', () => {
  const decrypt = (owner: string, key = current) => {
    try {
      createSecretBox({ current: key }).decrypt({ encrypted, owner });
    } catch (error) {
      return (error as AppError).retry;
    }
  };
  expect(decrypt('conn_1', randomBytes(32))).toBe('later');
  expect(decrypt('conn_2')).toBe('never');
});

test('a previous key still decrypts its values but no longer encrypts', () => {
  const rotated = createSecretBox({ current: randomBytes(32), previous: [current] });
  expect(rotated.decrypt({ encrypted, owner: 'conn_1' })).toEqual(plaintext);
  const secondValue = rotated.encrypt({ plaintext, owner: 'conn_1' });
  expect(rotated.decrypt({ encrypted: secondValue, owner: 'conn_1' })).toEqual(plaintext);
  expect(() => box.decrypt({ encrypted: secondValue, owner: 'conn_1' })).toThrow('cannot be decrypted');
});

test('a value with a truncated authentication tag is not decrypted', () => {
  const parts = encrypted.split('.');
  const short = Buffer.from(parts[3] ?? '', 'base64url')
    .subarray(0, 4)
    .toString('base64url');
  const cut = [...parts.slice(0, 3), short, parts[4]].join('.');
  expect(() => box.decrypt({ encrypted: cut, owner: 'conn_1' })).toThrow('cannot be decrypted');
});
