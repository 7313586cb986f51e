import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKmsKey, envOfKms, installMoto, motoServer, startOwnServer } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { blocksOf, commandsOf, runShell } from './run-shell.fixture.ts';

const page = 'docs/how-to/keep-the-key-in-a-kms.md';
const moto = await installMoto(process.env);

describeWith({ title: page, tool: moto }, ({ command }) => {
  test('the commands of the page about AWS KMS wrap the key of a deployment and rotate both keys', async () => {
    await using kms = await startOwnServer(motoServer(command));
    const system = await startTestSystem({ ...onTestServers(), patients: 4 });
    const { folder } = system;
    try {
      const rotation = (await blocksOf(page)).at(-1) ?? '';
      const commands = (await commandsOf(page)).slice(0, -rotation.length);
      const env = {
        ...envOfKms(kms.url),
        KMS_KEY: await createKmsKey(kms.url),
        OTHER_KMS_KEY: await createKmsKey(kms.url),
        MONGODB_URI: system.mongodb.url,
        REDIS_URL: system.redis.url,
        BULKHEAD_PREFIX: system.prefix,
        BULKHEAD_ENCRYPTION_KEY: system.encryptionKey,
        BULKHEAD_URL: system.baseUrl,
        BULKHEAD_API_KEY: system.apiKey,
      };
      const wrapped = await runShell({ commands, folder, env });
      // The rotation of the data key is complete only when no process has the former key.
      for (const child of [system.api, system.serve, ...system.workers]) await child.stop();
      const { BULKHEAD_ENCRYPTION_KEY: _, ...rotationEnv } = env;
      const printed = wrapped + (await runShell({ commands: rotation, folder, env: rotationEnv }));
      expect(printed).toMatch(/"Encryption key"[^}]*BULKHEAD_ENCRYPTION_KEY, not wrapped/);
      expect(printed).toMatch(/"collection":"connections".*"encryptedAgain":[1-9]/);
      expect(printed.trim().split('\n').at(-1)).toBe('All values are encrypted with the current key.');
      const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
      expect(read('wrapped-key')).toContain(env.KMS_KEY);
      expect(read('next-wrapped-key')).toContain(env.OTHER_KMS_KEY);
      expect(printed).not.toContain(read('wrapped-key'));
    } finally {
      await system.stop();
    }
  }, 180_000);
});
