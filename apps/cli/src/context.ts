import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type ApiClient, answerOf, createClient } from '@bulkhead/client';
import type { Command } from 'commander';
import { CliError } from './exit-codes.ts';
import { createOutput, type Streams } from './output/output.ts';

/** The client, the settings and the output that a command uses. */
export type Context = ReturnType<typeof readContext>;

interface GlobalOptions {
  readonly url: string;
  readonly keyFile?: string;
  readonly provider: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export type Environment = Streams & {
  readonly stdin: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: typeof fetch;
};

/** In the place of a provider in a path. Ids are unique, so most commands need none. */
const anyProvider = '-';

export function addGlobalOptions(program: Command, { env }: Environment): Command {
  return program
    .option('--url <url>', 'URL of the API (BULKHEAD_URL)', env.BULKHEAD_URL || 'http://127.0.0.1:3000')
    .option('--key-file <file>', 'file that contains the API key (default: the key in BULKHEAD_API_KEY)')
    .option(
      '--provider <id>',
      'EHR vendor of a new connection, or whose records are listed (BULKHEAD_PROVIDER)',
      env.BULKHEAD_PROVIDER || anyProvider,
    )
    .option('--json', 'print only the response, as JSON')
    .option('-q, --quiet', 'print only ids, one a line, for other programs');
}

/** @throws CliError if no API key is set, or the address is invalid */
export function readContext(command: Command, environment: Environment) {
  const { url, keyFile, provider, json = false, quiet = false } = command.optsWithGlobals<GlobalOptions>();
  const base = readUrl(url);
  const { stdout, env } = environment;
  const api = createClient({ url: base, key: readKey({ keyFile, environment }), fetch: environment.fetch });
  let isBulkhead: Promise<void> | undefined;
  const onRequest = () => {
    isBulkhead ??= assertBulkhead(createClient({ url: base, fetch: environment.fetch }));
    return isBulkhead;
  };
  api.use({ onRequest });
  return {
    api,
    url: base,
    /** In paths. */
    provider,
    /** Of a connection that is created. */
    vendor: provider === anyProvider ? 'athenahealth' : provider,
    output: createOutput({ ...environment, json, quiet }),
    /** For content that is too large for `output`. */
    stdout,
    env,
    /** Asks a person. @returns the answer, or undefined if a program reads the output */
    ask: async (question: string) => (json ? undefined : ask(environment, question)),
  };
}

function readUrl(url: string): string {
  const { protocol, username, password } = new URL(URL.canParse(url) ? url : 'invalid:');
  // fetch accepts no other addresses.
  if (/^https?:$/.test(protocol) && username + password === '') return url.replace(/(?<!\/)\/+$/, '');
  throw new CliError(
    'usage',
    '--url (BULKHEAD_URL) must be a URL without a user and a password, such as https://bulkhead.example.',
  );
}

/**
 * The key is sent only to a server that has answered as Bulkhead, because `--url` can be another server by mistake, such as the receiver of
 * a webhook.
 */
async function assertBulkhead(apiWithoutKey: ApiClient): Promise<void> {
  const result = await apiWithoutKey.GET('/health');
  // A proxy in front of the API answers so while the API starts or is overloaded.
  if (result.response.status >= 500 || result.response.status === 429) answerOf(result);
  const { status, eventLoop } = result.data ?? {};
  if (status === 'alive' && typeof eventLoop?.stalls === 'number') return;
  throw new CliError(
    'unavailable',
    "This URL is not Bulkhead's API. The API key was not sent. Verify --url (BULKHEAD_URL).",
  );
}

/** The key cannot be an argument, because other users of the machine can see arguments. */
function readKey(options: { readonly keyFile: string | undefined; readonly environment: Environment }): string {
  const { keyFile, environment } = options;
  const key = keyFile === undefined ? environment.env.BULKHEAD_API_KEY : readFileSync(keyFile, 'utf8').trim();
  if (!key) {
    throw new CliError(
      'refused',
      'No API key is set. Set BULKHEAD_API_KEY, or write the key to a file and pass it with --key-file.',
    );
  }
  // A header cannot contain other characters. The error of fetch would show the key.
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const source = keyFile === undefined ? 'BULKHEAD_API_KEY' : keyFile;
  throw new CliError('refused', `${source} does not contain an API key. A key is one line without spaces.`);
}

/** @returns undefined without a terminal. An empty answer if the person ends the input */
async function ask({ stdin, stderr }: Environment, question: string): Promise<string | undefined> {
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  const reader = createInterface({ input: stdin, output: stderr });
  try {
    const ended = new Promise<undefined>((resolve) => reader.once('close', () => resolve(undefined)));
    const answer = await Promise.race([reader.question(question), ended]);
    // The cursor is still behind the question.
    if (answer === undefined) stderr.write('\n');
    return answer ?? '';
  } finally {
    reader.close();
  }
}
