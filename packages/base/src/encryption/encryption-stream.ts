import { createCipheriv, createDecipheriv, type DecipherGCM, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

export interface StreamKey {
  readonly key: Buffer;
  /** The ciphertext is bound to this id and cannot be decrypted for another owner. */
  readonly owner: string;
}

function startEncryption({ key, owner }: StreamKey) {
  const nonce = randomBytes(nonceBytes);
  return { nonce, cipher: createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(owner)) };
}

function startDecryption(nonce: Buffer, { key, owner }: StreamKey): DecipherGCM {
  return createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(owner));
}

/** Encrypts with AES-256-GCM what is too long to be held in memory. The output is nonce, ciphertext, tag. */
export function createEncryptStream(key: StreamKey): Transform {
  const { nonce, cipher } = startEncryption(key);
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (isFirst) this.push(nonce);
      isFirst = false;
      done(null, cipher.update(chunk));
    },
    flush(done) {
      if (isFirst) this.push(nonce);
      this.push(cipher.final());
      done(null, cipher.getAuthTag());
    },
  });
}

/** Encrypts bytes as `createEncryptStream` does. */
export function encryptBytes(bytes: Buffer, key: StreamKey): Buffer {
  const { nonce, cipher } = startEncryption(key);
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts bytes of `encryptBytes`. @throws if they were changed or encrypted for another owner */
export function decryptBytes(encrypted: Buffer, key: StreamKey): Buffer {
  const decipher = startDecryption(encrypted.subarray(0, nonceBytes), key);
  decipher.setAuthTag(encrypted.subarray(-tagBytes));
  return Buffer.concat([decipher.update(encrypted.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

/** Decrypts. The tag can only be verified at the end, so a stream of changed bytes fails after it has passed them on. */
export function createDecryptStream(key: StreamKey): Transform {
  let decipher: DecipherGCM | undefined;
  // The last bytes, which may be the tag.
  let buffered = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      buffered = Buffer.concat([buffered, chunk]);
      if (!decipher && buffered.length >= nonceBytes) {
        decipher = startDecryption(buffered.subarray(0, nonceBytes), key);
        buffered = buffered.subarray(nonceBytes);
      }
      const ready = decipher ? Math.max(buffered.length - tagBytes, 0) : 0;
      if (ready > 0) this.push(decipher?.update(buffered.subarray(0, ready)));
      buffered = buffered.subarray(ready);
      done();
    },
    flush(done) {
      try {
        if (!decipher || buffered.length !== tagBytes) throw new Error('the encrypted data is truncated');
        decipher.setAuthTag(buffered);
        done(null, decipher.final());
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
