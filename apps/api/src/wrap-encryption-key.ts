import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EnvError, parseEnv } from '@bulkhead/base';
import { awsKmsWrapper, encryptionEnvShape, KeyWrapperError, wrapperOf } from '@bulkhead/base/encryption';
import { z } from 'zod';

// Prints a data key that was wrapped by a key of AWS KMS, as a value for BULKHEAD_ENCRYPTION_KEY. It uses neither MongoDB nor Redis.
// See docs/how-to/keep-the-key-in-a-kms.md.
const usage = `usage: wrap-encryption-key --kms-key ARN [--new]
  --kms-key  ARN of the KMS key, or of an alias: arn:aws:kms:REGION:ACCOUNT:key/ID
  --new      wraps a new data key. Without it, the one of BULKHEAD_ENCRYPTION_KEY is wrapped.`;

class UsageError extends Error {}

const kmsArn = /^arn:[a-z-]+:kms:[a-z\d-]+:\d{12}:(?:key|alias)\/[\w/-]+$/;

const keySchema = z.object({ BULKHEAD_ENCRYPTION_KEY: encryptionEnvShape.BULKHEAD_ENCRYPTION_KEY });

try {
  const { kmsKey, isNew } = readArguments();
  const dataKey = isNew ? randomBytes(32) : await currentDataKey();
  const wrapper = await awsKmsWrapper(kmsKey);
  console.log(await wrapper.wrap(dataKey));
} catch (error) {
  const isExpected = [UsageError, EnvError, KeyWrapperError].some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 1;
}

function readArguments(): { readonly kmsKey: string; readonly isNew: boolean } {
  try {
    const options = { 'kms-key': { type: 'string' }, new: { type: 'boolean', default: false } } as const;
    const { values } = parseArgs({ options });
    const kmsKey = values['kms-key'];
    if (kmsKey !== undefined && kmsArn.test(kmsKey)) return { kmsKey, isNew: values.new };
  } catch {
    // An unknown option was given. The usage lists the valid ones.
  }
  throw new UsageError(usage);
}

async function currentDataKey(): Promise<Buffer> {
  const { BULKHEAD_ENCRYPTION_KEY: text } = parseEnv(keySchema, process.env);
  return (await wrapperOf(text)).unwrap(text);
}
