import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce, root } from './build-once.ts';

const folder = join(root, 'apps', 'console');

/**
 * Builds the console where its sources have changed.
 * @returns whether they had
 * @throws Error with what the build said
 */
export function buildConsole(): Promise<boolean> {
  return buildOnce({
    sources: ['apps/console/{src,public}/**', 'apps/console/*.*', 'packages/client/src/**', 'pnpm-lock.yaml'],
    entry: 'apps/console/dist/index.html',
    async build() {
      const vite = join(folder, 'node_modules', 'vite', 'bin', 'vite.js');
      // Whatever this process is for: a test must see what operators see.
      const env = { ...process.env, NODE_ENV: 'production' };
      await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, env });
    },
  });
}
