import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import { dataKeyBytes, type KeyWrapper, KeyWrapperError } from './key-wrapper.ts';

/** KMS requires the same context to decrypt. Key policies can require it, and AWS CloudTrail shows it for every use of the key. */
const EncryptionContext = { 'bulkhead:purpose': 'encryption-key' };

/** KMS answers within milliseconds. A process that cannot reach it should say so before its supervisor gives up. */
const timeouts = { connectionTimeout: 3000, requestTimeout: 5000, throwOnRequestTimeout: true };

/**
 * Uses a key of AWS KMS as the wrapping key. Credentials, and an endpoint other than AWS's own, come from the standard variables
 * and files of AWS. The region is that of the ARN.
 */
export function createAwsKmsWrapper(keyArn: string): KeyWrapper {
  const [, , , region = ''] = keyArn.split(':');
  const client = new KMSClient({ region, requestHandler: timeouts });
  return {
    description: `AWS KMS, ${keyArn}`,

    async wrap(dataKey) {
      try {
        const command = new EncryptCommand({ KeyId: keyArn, Plaintext: dataKey, EncryptionContext });
        const { CiphertextBlob = new Uint8Array(), KeyId } = await client.send(command);
        // Keep the ARN of the key itself, because an alias can later point to another key.
        return `aws-kms:${KeyId}:${Buffer.from(CiphertextBlob).toString('base64')}`;
      } catch (error) {
        throw new KeyWrapperError(explain({ error, action: 'kms:Encrypt' }), { cause: error });
      }
    },

    async unwrap(wrappedKey) {
      const CiphertextBlob = Buffer.from(wrappedKey.slice(wrappedKey.lastIndexOf(':') + 1), 'base64');
      // Name the key, so that KMS rejects text that was wrapped with a key of another owner.
      const command = new DecryptCommand({ KeyId: keyArn, CiphertextBlob, EncryptionContext });
      const { Plaintext = new Uint8Array() } = await client.send(command).catch((error: unknown) => {
        throw new KeyWrapperError(explain({ error, action: 'kms:Decrypt' }), { cause: error });
      });
      if (Plaintext.length === dataKeyBytes) return Buffer.from(Plaintext);
      throw new KeyWrapperError(
        `AWS KMS decrypted something that is not a key of ${dataKeyBytes} bytes. Use the text that wrap-encryption-key printed.`,
      );
    },
  };
}

/** Says what happened and what to do. The server's own messages are left out, because they can repeat what was sent. */
function explain({ error, action }: { readonly error: unknown; readonly action: string }): string {
  const { name, code } = error as { readonly name?: string; readonly code?: string };
  if (!(error instanceof KMSServiceException)) {
    if (name === 'CredentialsProviderError') {
      return 'There are no credentials for AWS KMS. Give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
    }
    return `AWS KMS did not respond (${code ?? name}). Check the network, and AWS_ENDPOINT_URL_KMS if it is set, and start the process again.`;
  }
  if ((error.$metadata.httpStatusCode ?? 0) >= 500 || error.name === 'ThrottlingException') {
    return `AWS KMS could not respond (${error.name}). Start the process again later.`;
  }
  switch (error.name) {
    case 'IncorrectKeyException':
    case 'InvalidCiphertextException':
      return `AWS KMS cannot unwrap this key (${error.name}): another KMS key wrapped it, or its text was changed. Use the text that wrap-encryption-key printed.`;
    case 'NotFoundException':
      return 'AWS KMS has no key with this ARN. Check its account, its region and its id.';
    case 'DisabledException':
    case 'KMSInvalidStateException':
      return `The KMS key cannot be used (${error.name}). Enable it, or cancel its deletion, in AWS KMS.`;
    default:
      return `AWS KMS refused ${action} (${error.name}). Check the credentials of this process, and that they and the policy of the KMS key allow ${action}.`;
  }
}
