import { installFromPypi } from '../install-from-pypi.ts';
import type { OwnServerSpec } from '../own-server.ts';

/** Installs moto (https://docs.getmoto.org). */
export function installMoto(env: NodeJS.ProcessEnv) {
  return installFromPypi({ name: 'moto', version: '5.2.5', extras: '[server]', command: 'moto_server', env });
}

/**
 * moto's KMS, a local AWS KMS that is independent of this project. It encrypts with AES-GCM and keeps its keys in memory until it
 * stops.
 */
export const motoServer = (command: string): OwnServerSpec => ({
  name: 'moto',
  command,
  args: ({ port }) => ['-H', '127.0.0.1', '-p', String(port)],
  url: ({ host, port }) => `http://${host}:${port}`,
});

/** The variables for processes that use moto's KMS. */
export const envOfKms = (url: string) => ({
  AWS_ENDPOINT_URL_KMS: url,
  AWS_ACCESS_KEY_ID: 'moto-access-key',
  AWS_SECRET_ACCESS_KEY: 'moto-secret-access-key',
});

/** @returns the ARN of a new symmetric key of moto's KMS */
export async function createKmsKey(url: string): Promise<string> {
  const scope = '20260101/us-east-1/kms/aws4_request';
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'TrentService.CreateKey',
      // moto reads the region and the service from this header, and does not verify the signature.
      authorization: `AWS4-HMAC-SHA256 Credential=moto-access-key/${scope}, SignedHeaders=host, Signature=0`,
    },
    body: '{}',
  });
  const { KeyMetadata } = (await response.json()) as { KeyMetadata: { Arn: string } };
  return KeyMetadata.Arn;
}
