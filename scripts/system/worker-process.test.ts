import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { workerMemoryEnv, workerNodeArgs } from './worker-process.ts';

const root = join(import.meta.dirname, '..', '..');
const env = Object.entries(workerMemoryEnv).map(([name, value]) => `${name}=${value}`);

test.each([
  { file: 'docker/Dockerfile', args: workerNodeArgs.map((arg) => `"${arg}"`).join(', ') },
  { file: 'docs/how-to/install.md', args: workerNodeArgs.join(' ') },
])('$file starts a worker with the options that npm start uses and the benches measure', ({ file, args }) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(text).toContain(env.join(' '));
  expect(text).toContain(args);
});
