import { rm } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { fakeCommands } from '../fake-commands.fixture.ts';
import { startDockerEngine } from './start-docker-engine.ts';

it('says why there is no engine where none is installed and nothing can be', async () => {
  const bin = await fakeCommands({ docker: '' });
  const engine = await startDockerEngine({ env: { PATH: bin }, progress: () => undefined });
  expect(engine).toEqual({
    missing: process.getuid?.() === 0 ? 'there is no apt-get' : 'an engine is started by root on Linux only',
  });
  await rm(bin, { recursive: true });
});
