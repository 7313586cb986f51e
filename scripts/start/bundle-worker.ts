import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce, root } from './build-once.ts';

const folder = join(root, 'apps', 'worker');

/** A worker as it is shipped: one file, see `apps/worker/rolldown.config.ts`. */
export const workerEntry = 'apps/worker/dist/bundle/main.js';

/**
 * Bundles the worker where its sources have changed.
 * @throws Error with what the build said
 */
export async function bundleWorker(): Promise<void> {
  await buildOnce({
    sources: ['{apps/worker,packages/*}/src/**', 'apps/worker/*.*', 'pnpm-lock.yaml'],
    entry: workerEntry,
    async build() {
      const rolldown = join(folder, 'node_modules', 'rolldown', 'bin', 'cli.mjs');
      await promisify(execFile)(process.execPath, [rolldown, '--config'], { cwd: folder });
    },
  });
}
