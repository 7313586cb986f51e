import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '@bulkhead/runtime';

/** Keys of 32 bytes. */
export interface EncryptionKeys {
  /** Seals, and opens what it sealed. */
  readonly current: Buffer;
  /** Only open: those of before a rotation, or the next one while it is being handed out. */
  readonly previous?: readonly Buffer[] | undefined;
}

/** Encrypts what must not lie readable in the database. `owner` is the record's id: a ciphertext moved to another record does not open. */
export interface SecretBox {
  /** Of the key that seals. */
  readonly currentKeyId: string;
  /** Of every key that opens. */
  readonly keyIds: readonly string[];
  seal(options: { readonly plaintext: Buffer; readonly owner: string }): string;
  /** @throws AppError `secret-unreadable` for a key that is not among those given, another owner or changed bytes. */
  open(options: { readonly sealed: string; readonly owner: string }): Buffer;
}

const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D: 96 bits, fresh for every message. */
const nonceBytes = 12;

/** AES-256-GCM. A sealed value is `v1.<key id>.<nonce>.<tag>.<ciphertext>`, base64url; the id tells which key opens it. */
export function createSecretBox({ current, previous = [] }: EncryptionKeys): SecretBox {
  const keys = new Map([current, ...previous].map((key) => [keyIdOf(key), key]));
  const currentKeyId = keyIdOf(current);
  return {
    currentKeyId,
    keyIds: [...keys.keys()],
    seal({ plaintext, owner }) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, current, nonce).setAAD(Buffer.from(owner));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
      return [sealedPrefix(currentKeyId), ...parts].join('.');
    },
    open({ sealed, owner }) {
      const [, keyId = '', nonce = '', tag = '', ciphertext = ''] = sealed.split('.');
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

/** What every value begins with that a key has sealed, up to the next dot. */
export function sealedPrefix(keyId: string): string {
  return `v1.${keyId}`;
}

/** Names a key without telling anything of it that helps to find it: of 256 random bits 32 of a hash. */
function keyIdOf(key: Buffer): string {
  if (key.length !== 32) throw new Error('an AES-256 key has 32 bytes');
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

function unreadable(reason: 'other-key' | 'changed', cause?: unknown): AppError {
  return new AppError({
    code: 'secret-unreadable',
    message:
      'A stored secret cannot be opened. Start the process with the key that sealed it, as BULKHEAD_ENCRYPTION_KEY or among BULKHEAD_PREVIOUS_ENCRYPTION_KEYS.',
    retry: 'never',
    context: { reason },
    cause,
  });
}
