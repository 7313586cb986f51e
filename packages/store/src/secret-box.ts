import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '@bulkhead/domain';

/** Encrypts what must not lie readable in the database. `owner` is the record's id: a ciphertext moved to another record does not open. */
export interface SecretBox {
  seal(options: { readonly plaintext: Buffer; readonly owner: string }): string;
  /** @throws AppError `secret-unreadable` for another key, another owner or changed bytes. */
  open(options: { readonly sealed: string; readonly owner: string }): Buffer;
}

const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D: 96 bits, fresh for every message. */
const nonceBytes = 12;

/**
 * AES-256-GCM. A sealed value is `v1.<key id>.<nonce>.<tag>.<ciphertext>`, base64url; the id tells which key opens it.
 * @param key 32 bytes.
 */
export function createSecretBox(key: Buffer): SecretBox {
  if (key.length !== 32) throw new Error('an AES-256 key has 32 bytes');
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return {
    seal({ plaintext, owner }) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(owner));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
      return ['v1', keyId, ...parts].join('.');
    },
    open({ sealed, owner }) {
      const [, sealedBy, nonce = '', tag = '', ciphertext = ''] = sealed.split('.');
      try {
        const decipher = createDecipheriv(algorithm, key, Buffer.from(nonce, 'base64url'))
          .setAAD(Buffer.from(owner))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]);
      } catch (cause) {
        throw new AppError({
          code: 'secret-unreadable',
          message:
            'A stored secret cannot be opened. Start the process with the BULKHEAD_ENCRYPTION_KEY that sealed it.',
          retry: 'never',
          context: { reason: sealedBy === keyId ? 'changed' : 'other-key' },
          cause,
        });
      }
    },
  };
}
