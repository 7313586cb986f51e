import { baseEnv, captureCommand, commandLine, type Script } from '@bulkhead/testing';

interface Access {
  /** The address of the API. */
  readonly url: string;
  readonly key: string;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How the command line is run. */
export function bulkheadCommand(args: readonly string[], { url, key, env }: Access) {
  return {
    command: [process.execPath, commandLine, ...args] as const,
    env: { ...baseEnv(), BULKHEAD_URL: url, BULKHEAD_API_KEY: key, ...env },
  };
}

export function runBulkhead(args: readonly string[], access: Access) {
  return captureCommand(bulkheadCommand(args, access));
}

/** Of an API with scripted answers: the command line first asks without its key whether it is Bulkhead. */
export const aliveRoute: Script = {
  '/health': { headers: { connection: 'close' }, body: { status: 'alive', eventLoop: { stalls: 0 } } },
};
