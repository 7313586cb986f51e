import { readFileSync } from 'node:fs';
import { type ApiClient, createClient } from '@bulkhead/client';
import type { Command } from 'commander';
import { CliError, exitCodes } from './exit-codes.ts';
import { createOutput, type Output, type Streams } from './output.ts';

/** The client, the settings and the output that a command uses. */
export interface Context {
  readonly api: ApiClient;
  readonly url: string;
  readonly provider: string;
  readonly output: Output;
}

interface GlobalOptions {
  readonly url: string;
  readonly keyFile?: string;
  readonly provider: string;
  readonly json?: boolean;
}

export type Environment = Streams & { readonly env: NodeJS.ProcessEnv };

export function addGlobalOptions(program: Command, { env }: Environment): Command {
  return program
    .option('--url <url>', 'address of the API (BULKHEAD_URL)', env.BULKHEAD_URL ?? 'http://127.0.0.1:3000')
    .option('--key-file <file>', 'file that contains the API key (default: the key in BULKHEAD_API_KEY)')
    .option('--provider <id>', 'EHR vendor (BULKHEAD_PROVIDER)', env.BULKHEAD_PROVIDER ?? 'athenahealth')
    .option('--json', 'print only the response, as JSON');
}

/** @throws CliError if no API key is set */
export function readContext(command: Command, environment: Environment): Context {
  const { url, keyFile, provider, json = false } = command.optsWithGlobals<GlobalOptions>();
  const output = createOutput({ ...environment, json });
  const base = url.replace(/(?<!\/)\/+$/, '');
  return { api: createClient({ url: base, key: readKey({ keyFile, environment }) }), url: base, provider, output };
}

/** The key cannot be an argument, because other users of the machine can see arguments. */
function readKey(options: { readonly keyFile: string | undefined; readonly environment: Environment }): string {
  const { keyFile, environment } = options;
  const key = keyFile === undefined ? environment.env.BULKHEAD_API_KEY : readKeyFile(keyFile);
  if (key) return key;
  throw new CliError({
    message: 'No API key is set. Set BULKHEAD_API_KEY, or write the key to a file and pass it with --key-file.',
    exitCode: exitCodes.refused,
  });
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as { code?: string };
    throw new CliError({ message: `${file} cannot be read (${code}).`, exitCode: exitCodes.usage });
  }
}
