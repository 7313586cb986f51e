import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestSystem } from './start-test-system.ts';

/** The environment of a system with an empty `providers.json` in its folder, which a test fills when it knows the addresses. */
export function emptyProvidersFile(folder: string) {
  const providersFile = join(folder, 'providers.json');
  writeFileSync(providersFile, '[]');
  return { BULKHEAD_PROVIDERS_FILE: providersFile };
}

/** Restarts the processes one after the other, so that they read the file again. */
export async function restartProcesses({ api, workers }: Pick<TestSystem, 'api' | 'workers'>): Promise<void> {
  for (const process of [api, ...workers]) {
    await process.stop();
    await process.start();
  }
}
