export { createDecryptStream, createEncryptStream, decryptBytes, encryptBytes } from './encryption-stream.ts';
export { encryptionEnvShape } from './env.ts';
export { encryptionError } from './errors.ts';
export { createSecretBox, encryptedPrefix, type SecretBox } from './secret-box.ts';
export { KeyWrapperError } from './wrapped-keys/key-wrapper.ts';
export { awsKmsWrapper, type Unwrapped, unwrapKeys, wrapperOf } from './wrapped-keys/unwrap-keys.ts';
