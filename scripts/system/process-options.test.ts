import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { apiNodeArgs, memoryEnv, workerNodeArgs } from './process-options.ts';

const root = join(import.meta.dirname, '..', '..');
const env = Object.entries(memoryEnv).map(([name, value]) => `${name}=${value}`);
const processes = [
  { app: 'worker', args: workerNodeArgs },
  { app: 'api', args: apiNodeArgs },
];

test.each(processes)('every page and file starts the $app with the options of npm start', ({ app, args }) => {
  const image = textOf('docker/Dockerfile').split(`AS ${app}\n`)[1]?.split('\nFROM ')[0];
  expect(image).toContain(env.join(' '));
  expect(image).toContain(`CMD ["node", ${args.map((arg) => `"${arg}"`).join(', ')}, "dist/main.js"]`);
  const unit = textOf(`docker/systemd/bulkhead-${app === 'api' ? 'api' : 'worker@'}.service`);
  expect(unit).toContain(`Environment=${env.join(' ')}`);
  const command = `node_modules/.bin/node ${args.join(' ')} apps/${app}/dist/main.js`;
  expect(unit).toContain(command);
  expect(textOf('docs/how-to/install.md')).toContain(`${env.join(' ')} ${command}`);
});

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
