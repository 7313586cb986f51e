import { EnvError } from '../../runtime/index.ts';
import { type KeyWrapper, KeyWrapperError } from './key-wrapper.ts';

interface WrappedKeys {
  readonly BULKHEAD_ENCRYPTION_KEY: string;
  readonly BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: readonly string[];
}

/** A configuration with its data keys instead of their wrapped forms. */
export type Unwrapped<Config extends WrappedKeys> = Omit<Config, keyof WrappedKeys> & {
  readonly BULKHEAD_ENCRYPTION_KEY: Buffer;
  readonly BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: readonly Buffer[];
  /** Where the current key comes from. Shown to operators. */
  readonly encryptionKeySource: string;
};

/**
 * Unwraps the keys of a process when it starts.
 * @throws EnvError with every key that cannot be unwrapped
 */
export async function unwrapKeys<Config extends WrappedKeys>(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Unwrapped<Config>> {
  const { BULKHEAD_ENCRYPTION_KEY: current, BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: previous } = config;
  const { description } = await wrapperOf(current);
  const namedKeys = [
    { name: 'BULKHEAD_ENCRYPTION_KEY', text: current },
    ...previous.map((text) => ({ name: 'BULKHEAD_PREVIOUS_ENCRYPTION_KEYS', text })),
  ];
  const faults: string[] = [];
  const keys = await Promise.all(
    namedKeys.map(async ({ name, text }) => {
      try {
        return await (await wrapperOf(text)).unwrap(text);
      } catch (error) {
        if (!(error instanceof KeyWrapperError)) throw error;
        faults.push(`${name}: ${error.message}`);
        return Buffer.alloc(0);
      }
    }),
  );
  if (faults.length > 0) throw new EnvError([...new Set(faults)]);
  const [key = Buffer.alloc(0), ...previousKeys] = keys;
  return {
    ...config,
    BULKHEAD_ENCRYPTION_KEY: key,
    BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: previousKeys,
    encryptionKeySource: `${env.BULKHEAD_ENCRYPTION_KEY_FILE ? 'the file of BULKHEAD_ENCRYPTION_KEY_FILE' : 'BULKHEAD_ENCRYPTION_KEY'}, ${description}`,
  };
}

/** The text is the data key itself in base64, so only the protection of the variable or its file protects it. */
const plainKeys: KeyWrapper = {
  description: 'not wrapped',
  wrap: async (dataKey) => dataKey.toString('base64'),
  unwrap: async (wrappedKey) => Buffer.from(wrappedKey, 'base64'),
};

const awsKmsKey = /^aws-kms:(?<keyArn>arn:[a-z-]+:kms:[a-z\d-]+:\d{12}:key\/[\w-]+):[\w+/]+={0,2}$/;

/** 32 bytes. The decoder stops at the padding, and would ignore a second key that follows without a comma. */
const plainKey = /^[\w+/-]{43}=?$/;

/** Whether a text has the form of a data key, wrapped or plain. */
export function isKeyText(text: string): boolean {
  return text.startsWith('aws-kms:') ? awsKmsKey.test(text) : plainKey.test(text);
}

/** The wrapper that can unwrap a key. The AWS client is loaded only if it is needed. */
export async function wrapperOf(wrappedKey: string): Promise<KeyWrapper> {
  const keyArn = awsKmsKey.exec(wrappedKey)?.groups?.keyArn;
  return keyArn === undefined ? plainKeys : await awsKmsWrapper(keyArn);
}

/** @param keyArn of a KMS key or of an alias */
export async function awsKmsWrapper(keyArn: string): Promise<KeyWrapper> {
  const { createAwsKmsWrapper } = await import('./aws-kms-wrapper.ts');
  return createAwsKmsWrapper(keyArn);
}
