import { defineErrors } from '../runtime/index.ts';

export const encryptionError = defineErrors({
  'encryption-key-missing': {
    title: 'The encryption key is not the right one',
    advice: 'Start the process with the key that encrypted the data.',
    message:
      'This process was started with a key other than the one that encrypted the data. Set BULKHEAD_ENCRYPTION_KEY to the key that encrypted the data. To replace that key, set BULKHEAD_ENCRYPTION_KEY to the new key and BULKHEAD_PREVIOUS_ENCRYPTION_KEYS to the old one, then run rotate-encryption-key (docs/how-to/rotate-keys.md).',
  },
  'secret-unreadable': {
    title: 'A stored secret cannot be decrypted',
    advice: 'Start the process with the key that encrypted it, or edit the credentials of the connection.',
    message:
      'A stored secret cannot be decrypted. Start the process with the key that encrypted it, in BULKHEAD_ENCRYPTION_KEY or BULKHEAD_PREVIOUS_ENCRYPTION_KEYS.',
    help: 'A stored secret cannot be decrypted. Start the process with the key that encrypted it, see [Rotate the encryption key](how-to/rotate-keys.md). If only one connection has this error, replace its credentials.',
  },
});

declare module '../runtime/index.ts' {
  interface ErrorCodes extends Record<keyof typeof encryptionError.table, true> {}
}
