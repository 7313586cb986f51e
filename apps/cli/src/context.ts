import { readFileSync } from 'node:fs';
import { type ApiClient, createClient } from '@bulkhead/client';
import type { Command } from 'commander';
import { CliError, exitCodes } from './exit-codes.ts';
import { createOutput, type Output, type Streams } from './output.ts';

/** What a command works with. */
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
    .option('--key-file <file>', 'file with the API key; else BULKHEAD_API_KEY has it')
    .option('--provider <id>', 'EHR vendor (BULKHEAD_PROVIDER)', env.BULKHEAD_PROVIDER ?? 'athenahealth')
    .option('--json', 'the answer as JSON, and nothing else');
}

/** @throws CliError where there is no key */
export function readContext(command: Command, environment: Environment): Context {
  const { url, keyFile, provider, json = false } = command.optsWithGlobals<GlobalOptions>();
  const output = createOutput({ ...environment, json });
  const base = url.replace(/(?<!\/)\/+$/, '');
  return { api: createClient({ url: base, key: readKey({ keyFile, environment }) }), url: base, provider, output };
}

/** Never an argument: other users of the machine see those. */
function readKey(options: { readonly keyFile: string | undefined; readonly environment: Environment }): string {
  const { keyFile, environment } = options;
  const key = keyFile === undefined ? environment.env.BULKHEAD_API_KEY : readKeyFile(keyFile);
  if (key) return key;
  throw new CliError({
    message: 'There is no API key. Put it into BULKHEAD_API_KEY, or into a file and name that by --key-file.',
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
