import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createKmsKey, envOfKms, installMoto, motoServer, type OwnServer, startOwnServer } from '@bulkhead/embedded';
import { baseEnv, captureCommand, commandLine, programOf, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

const moto = await installMoto(process.env);

if ('missing' in moto) {
  console.warn(`The test of AWS KMS is skipped. It needs python3 with venv, and PyPI. ${moto.missing}`);
  test.todo('processes share a data key that AWS KMS has wrapped');
} else {
  describe('with a data key that AWS KMS has wrapped', () => {
    let kms: OwnServer;
    let system: System;
    let isSystemStopped = false;
    /** The output of all processes, except those that print a wrapped key as their result. */
    const outputs: { readonly stdout: string; readonly stderr: string }[] = [];
    const running: ChildProcess[] = [];
    beforeAll(async () => {
      [kms, system] = await Promise.all([startOwnServer(motoServer(moto.command)), startSystem()]);
    });
    afterAll(async () => {
      for (const child of running) child.kill('SIGKILL');
      if (!isSystemStopped) await system?.stop();
      await kms?.[Symbol.asyncDispose]();
    });

    /** Stops every process with the former key, as an operator does before the rotation. */
    const stopProcesses = async () => {
      for (const child of running.splice(0)) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      isSystemStopped = true;
      await system.stop();
    };

    const envWith = (env: Readonly<Record<string, string>>) => ({
      ...baseEnv(),
      ...system.env,
      ...envOfKms(kms.url),
      ...env,
    });
    /** Runs a command and waits for its end. */
    const run = async (file: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) => {
      const ended = await captureCommand({ command: [process.execPath, file, ...args], env: envWith(env) });
      if (!file.includes('wrap-encryption-key')) outputs.push(ended);
      return ended;
    };
    /** Starts a server, which runs until the tests end. @returns the line that it logs when it has started */
    const start = async (file: string, env: Readonly<Record<string, string>>) => {
      const child = spawn(process.execPath, [file], { env: envWith(env) });
      running.push(child);
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          output[name] += text;
        });
      }
      await waitFor(() => output.stdout.includes(' started"') || child.exitCode !== null, { what: file });
      outputs.push(output);
      const line = output.stdout.split('\n').find((text) => text.includes(' started"'));
      if (line === undefined) throw new Error(output.stdout + output.stderr);
      return JSON.parse(line) as { readonly port?: number };
    };
    const wrap = async (key: string, arn: string, ...args: string[]) => {
      const env = { BULKHEAD_ENCRYPTION_KEY: key };
      const { code, stdout, stderr } = await run(programOf('api', 'wrap-encryption-key'), env, [
        '--kms-key',
        arn,
        ...args,
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout.trim();
    };
    const migrate = (BULKHEAD_ENCRYPTION_KEY: string, BULKHEAD_PREVIOUS_ENCRYPTION_KEYS = '') =>
      run(programOf('api', 'migrate'), { BULKHEAD_ENCRYPTION_KEY, BULKHEAD_PREVIOUS_ENCRYPTION_KEYS });

    test('processes share a data key that AWS KMS has wrapped, rotate it and its KMS key, and print no secret', async () => {
      const plain = system.env.BULKHEAD_ENCRYPTION_KEY ?? '';
      const firstArn = await createKmsKey(kms.url);
      const wrapped = await wrap(plain, firstArn);
      expect(wrapped).toContain(`aws-kms:${firstArn}:`);

      // The first process used the plain key to encrypt the client secret. These use its wrapped form.
      const { port } = await start(programOf('api'), { BULKHEAD_ENCRYPTION_KEY: wrapped });
      await start(programOf('serve'), { BULKHEAD_ENCRYPTION_KEY: wrapped, SERVE_PORT: '0' });
      await start(programOf('worker'), { BULKHEAD_ENCRYPTION_KEY: wrapped });
      const ended = await system.settled(await system.startExport());
      expect(ended.status).toBe('COMPLETED');

      const api = {
        BULKHEAD_URL: `http://127.0.0.1:${port}`,
        BULKHEAD_API_KEY: system.apiKey,
      };
      const doctor = await run(commandLine, api, ['doctor', '--no-connections', '--json']);
      expect(doctor.stdout).toMatch(`BULKHEAD_ENCRYPTION_KEY, AWS KMS, ${firstArn}`);

      // Another KMS key wraps the same data key, so nothing has to be encrypted again.
      const secondArn = await createKmsKey(kms.url);
      const rewrapped = await wrap(wrapped, secondArn);
      expect(rewrapped).toContain(secondArn);
      expect(await migrate(rewrapped)).toMatchObject({ code: 0 });

      // A new data key needs the rotation by rotate-encryption-key.
      const next = await wrap('', secondArn, '--new');
      expect(await migrate(next)).toMatchObject({ code: 1, stderr: expect.stringContaining('rotate-encryption-key') });
      await stopProcesses();
      const keys = { BULKHEAD_ENCRYPTION_KEY: next, BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: rewrapped };
      const rotated = await run(programOf('api', 'rotate-encryption-key'), keys);
      expect(rotated).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/"encryptedSecret","encryptedAgain":1,"left":0/),
      });
      expect(await migrate(next)).toMatchObject({ code: 0 });
      expect(await migrate(wrapped)).toMatchObject({ code: 1 });

      const printed = outputs.map(({ stdout, stderr }) => stdout + stderr).join('');
      expect(printed).toContain('"worker started"');
      const secrets = [plain, envOfKms(kms.url).AWS_SECRET_ACCESS_KEY, ...[wrapped, rewrapped, next].map(ciphertextOf)];
      const bytes = Buffer.from(plain, 'base64');
      for (const secret of [...secrets, bytes.toString('hex'), bytes.toString('base64url')]) {
        expect(secret.length).toBeGreaterThan(10);
        expect(printed).not.toContain(secret);
      }
    });

    test('a key that the KMS key has not wrapped, or that was changed, is refused with a message that says why', async () => {
      const wrapped = await wrap('', await createKmsKey(kms.url), '--new');
      const ciphertext = ciphertextOf(wrapped);
      const changed = `${wrapped.slice(0, -ciphertext.length)}${Buffer.from('changed').toString('base64')}`;
      expect(await migrate(changed)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/BULKHEAD_ENCRYPTION_KEY: AWS KMS cannot unwrap this key \(\w+\)/),
      });
      const ofAnother = `aws-kms:${await createKmsKey(kms.url)}:${ciphertext}`;
      const refused = await migrate(ofAnother);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/AWS KMS (refused|cannot unwrap)/) });
      expect(refused.stderr).not.toContain(ciphertext);
    });

    test('wrap-encryption-key prints its usage if its arguments are wrong', async () => {
      for (const args of [[], ['--kms-key', 'alias/bulkhead'], ['--kms', 'x']]) {
        const { code, stdout, stderr } = await run(programOf('api', 'wrap-encryption-key'), {}, args);
        expect({ code, stdout, stderr }).toEqual({
          code: 1,
          stdout: '',
          stderr: expect.stringContaining('usage: wrap-encryption-key --kms-key ARN [--new]'),
        });
      }
    });
  });
}

function ciphertextOf(wrapped: string): string {
  return wrapped.slice(wrapped.lastIndexOf(':') + 1);
}
