import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { AppError } from '../runtime/index.ts';
import { encryptionError } from './errors.ts';

/** Keys of 32 bytes. */
export interface EncryptionKeys {
  /** Encrypts, and decrypts its own values. */
  readonly current: Buffer;
  /** Only decrypt: keys from before a rotation, or the next key while it is rolled out. */
  readonly previous?: readonly Buffer[] | undefined;
}

export type SecretBox = ReturnType<typeof createSecretBox>;

const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D asks for 96 bits, new for every message. */
const nonceBytes = 12;

/**
 * Encrypts values that must not be readable in the database. `owner` is the id of the record, so a ciphertext that was moved to
 * another record cannot be decrypted.
 *
 * AES-256-GCM. An encrypted value is `v1.<key id>.<nonce>.<tag>.<ciphertext>`, in base64url. The id names the key that decrypts it.
 */
export function createSecretBox({ current, previous = [] }: EncryptionKeys) {
  const keys = new Map([current, ...previous].map((key) => [keyIdOf(key), key]));
  const currentKeyId = keyIdOf(current);
  return {
    /** The id of the key that encrypts. */
    currentKeyId,
    /** The ids of all keys that decrypt. */
    keyIds: [...keys.keys()],
    encrypt({ plaintext, owner }: { readonly plaintext: Buffer; readonly owner: string }): string {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, current, nonce).setAAD(Buffer.from(owner));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
      return [encryptedPrefix(currentKeyId), ...parts].join('.');
    },
    /** @throws AppError `secret-unreadable` for an unknown key, another owner, or changed bytes. */
    decrypt({ encrypted, owner }: { readonly encrypted: string; readonly owner: string }): Buffer {
      const [, keyId = '', nonce = '', tag = '', ciphertext = ''] = encrypted.split('.');
      const key = keys.get(keyId);
      if (!key) throw unreadable('other-key');
      try {
        const decipher = createDecipheriv(algorithm, key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
          .setAAD(Buffer.from(owner))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]);
      } catch (cause) {
        throw unreadable('changed', cause);
      }
    },
  };
}

/** Every value that was encrypted with this key begins with this prefix and a dot. */
export function encryptedPrefix(keyId: string): string {
  return `v1.${keyId}`;
}

/** Identifies a key without revealing it: 32 bits of a hash of 256 random bits do not help to find the key. */
function keyIdOf(key: Buffer): string {
  if (key.length !== 32) throw new Error('an AES-256 key must have 32 bytes');
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

function unreadable(reason: 'other-key' | 'changed', cause?: unknown): AppError {
  return encryptionError('secret-unreadable', {
    // During a rotation another worker may have the key.
    retry: reason === 'other-key' ? 'later' : 'never',
    context: { reason },
    cause,
  });
}
