import { setTimeout as delay } from 'node:timers/promises';
import { installFromPypi } from '../install-from-pypi.ts';
import { portAccepts, systemPort } from '../processes/server-process.ts';
import { spawnTethered } from '../processes/spawn-tethered.ts';

const startMs = 60_000;
const pingEveryMs = 100;

export type Moto = Awaited<ReturnType<typeof startMoto>>;

/** Installs moto (https://docs.getmoto.org). */
export function installMoto(env: NodeJS.ProcessEnv) {
  return installFromPypi({ name: 'moto', version: '5.2.5', extras: '[server]', command: 'moto_server', env });
}

/**
 * Starts moto's KMS, a local AWS KMS that is independent of this project. It encrypts with AES-GCM and keeps its keys in memory until it
 * stops.
 */
export async function startMoto(command: string) {
  const port = await systemPort();
  const child = await spawnTethered({ command, args: ['-H', '127.0.0.1', '-p', String(port)], output: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const deadlineMs = Date.now() + startMs;
  for (;;) {
    try {
      await portAccepts(port);
      break;
    } catch (error) {
      if (Date.now() > deadlineMs) {
        await child.stop({ graceMs: 0 });
        throw error;
      }
      await delay(pingEveryMs);
    }
  }
  return {
    /** The variables for processes that use it. */
    env: {
      AWS_ENDPOINT_URL_KMS: url,
      AWS_ACCESS_KEY_ID: 'moto-access-key',
      AWS_SECRET_ACCESS_KEY: 'moto-secret-access-key',
    },
    /** @returns the ARN of a new symmetric key */
    async createKey(): Promise<string> {
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
    },
    stop: () => child.stop({ graceMs: 0 }),
  };
}
