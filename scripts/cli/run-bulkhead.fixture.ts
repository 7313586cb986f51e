import { join } from 'node:path';
import { baseEnv, captureCommand } from '@bulkhead/testing';

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts');

interface Access {
  /** The address of the API. */
  readonly url: string;
  readonly key: string;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How the command line is run from its sources. */
export function bulkheadCommand(args: readonly string[], { url, key, env }: Access) {
  return {
    command: [process.execPath, '--conditions=@bulkhead/source', main, ...args] as const,
    env: { ...baseEnv(), BULKHEAD_URL: url, BULKHEAD_API_KEY: key, ...env },
  };
}

export function runBulkhead(args: readonly string[], access: Access) {
  return captureCommand(bulkheadCommand(args, access));
}
