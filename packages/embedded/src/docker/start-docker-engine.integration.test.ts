import { rm } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { fakeCommands } from '../fake-commands.fixture.ts';
import { startDockerEngine } from './start-docker-engine.ts';

it('startDockerEngine says why there is no engine if none is installed and none can be installed', async () => {
  const bin = await fakeCommands({ docker: '' });
  const engine = await startDockerEngine({ env: { PATH: bin }, progress: () => undefined });
  expect(engine).toEqual({
    missing: process.getuid?.() === 0 ? 'there is no apt-get' : 'only root on Linux can start a Docker engine',
  });
  await rm(bin, { recursive: true });
});
