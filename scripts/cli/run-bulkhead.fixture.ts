import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LocalServer, startLocalServer } from '@bulkhead/embedded/local-server';
import { baseEnv, captureCommand, commandLine } from '@bulkhead/testing';

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

/** Starts an API with scripted answers. The command line first asks without its key whether it is Bulkhead. */
export function startScriptedApi(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LocalServer> {
  return startLocalServer((request, response) => {
    if (request.url !== '/health') return answer(request, response);
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ status: 'alive', eventLoop: { stalls: 0 } }));
  });
}
