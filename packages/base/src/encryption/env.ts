import { z } from 'zod';
import { isKeyText } from './wrapped-keys/unwrap-keys.ts';

// A missing and an invalid value have the same message, because both times it says what to set.
const notAKey =
  'must be 32 bytes in base64, as printed by `openssl rand -base64 32`, or a wrapped key that wrap-encryption-key printed';

// A secret of Kubernetes can end with a line break.
const encryptionKeySchema = z.string({ error: notAKey }).trim().refine(isKeyText, notAKey);
const previousKeySchema = z.string().trim().refine(isKeyText, `${notAKey}. Separate several keys by commas.`);

/** The variables with the keys that encrypt stored secrets. */
export const encryptionEnvShape = {
  /** Encrypts and decrypts. `unwrapKeys` turns this text, and those below, into keys. */
  BULKHEAD_ENCRYPTION_KEY: encryptionKeySchema,
  /** Used only to decrypt. Several keys are separated by commas. */
  BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((key) => key.trim() !== ''))
    .pipe(z.array(previousKeySchema)),
};
