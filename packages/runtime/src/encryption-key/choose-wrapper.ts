import { dataKeyBytes, type KeyWrapper } from './key-wrapper.ts';

/** Base64 of the data key itself. The variable or its file is all that protects it. */
const plainKeys: KeyWrapper = {
  description: 'not wrapped',
  wrap: async (dataKey) => dataKey.toString('base64'),
  unwrap: async (wrappedKey) => Buffer.from(wrappedKey, 'base64'),
};

const awsKmsKey = /^aws-kms:(?<keyArn>arn:[a-z-]+:kms:[a-z\d-]+:\d{12}:key\/[\w-]+):[\w+/]+={0,2}$/;

/** Whether a text has the form of a data key, wrapped or not. */
export function isKeyText(text: string): boolean {
  return text.startsWith('aws-kms:') ? awsKmsKey.test(text) : Buffer.from(text, 'base64').length === dataKeyBytes;
}

/** The wrapper that can unwrap a key. The client of AWS is loaded only if it is needed. */
export async function wrapperOf(wrappedKey: string): Promise<KeyWrapper> {
  const keyArn = awsKmsKey.exec(wrappedKey)?.groups?.keyArn;
  return keyArn === undefined ? plainKeys : await awsKmsWrapper(keyArn);
}

/** @param keyArn of a KMS key, or of an alias of one. */
export async function awsKmsWrapper(keyArn: string): Promise<KeyWrapper> {
  const { createAwsKmsWrapper } = await import('./aws-kms-wrapper.ts');
  return createAwsKmsWrapper(keyArn);
}
