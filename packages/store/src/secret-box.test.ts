import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSecretBox } from './secret-box.ts';

const box = createSecretBox(randomBytes(32));
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
  expect(() => createSecretBox(randomBytes(32)).open({ sealed, owner: 'conn_1' })).toThrow('cannot be opened');
  expect(() => box.open({ sealed: changed, owner: 'conn_1' })).toThrow('cannot be opened');
});
