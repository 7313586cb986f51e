import { readFileSync } from 'node:fs';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option, yes } from '../option.ts';
import { asSent } from '../output/report-error.ts';
import { indentJson, toTerminalText } from '../output/terminal-text.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const withBody = ['POST', 'PUT', 'PATCH'];

/** Any operation of the API, as openapi.json describes it, also those that no other command calls. */
export const api = command({
  name: 'api',
  summary: 'call an operation of the HTTP API, and print its response as it is, with line breaks on a terminal',
  args: { method: methods.join(', '), path: 'the path of the operation, such as /api/ehr/connections' },
  options: {
    field: option.repeated(
      '<name=value>',
      'a field of the JSON body, or with GET and DELETE a parameter of the query. In a body, a value that is JSON is sent as JSON, any other as text, and @FILE is the content of a file',
    ),
    rawField: option.repeated('<name=value>', 'a field whose value is always sent as text'),
    bodyFile: option.text('<file>', 'a file that is the body'),
    header: option.repeated('<name: value>', 'a header of the request, such as "Idempotency-Key: night-1"'),
    paginate: option.flag('also request the next pages of a list, and print each'),
    yes,
  },
  examples: [
    'api GET /api/ehr/processes',
    'api GET /api/ehr/webhook-deliveries --field connectionId=conn_1 --paginate',
    'api PUT /api/ehr/connections/conn_1/webhook --field url=https://client.example/bulkhead',
    'api POST /api/ehr/signing-keys --field privateKey=@key.pem',
    'api POST /api/ehr/athenahealth/enhanced-sync --field connectionId=conn_1 --header "Idempotency-Key: night-1"',
    'api PATCH /api/ehr/schedules/sched_1 --body-file body.json',
    'api DELETE /api/ehr/signing-keys/kid_1 --yes',
    'api GET /api/ehr/athenahealth/documents/doc_1',
  ],
  async run(context, options) {
    const { path, field = [], rawField = [], bodyFile, paginate = false, yes: isConfirmed } = options;
    const headers = toHeaders(options.header ?? []);
    const method = options.method.toUpperCase();
    if (!methods.includes(method)) throw new CliError('usage', `The method must be one of ${methods.join(', ')}.`);
    const target = toTarget(context.url, path);
    const fields = [...field.map(toField), ...rawField.map((given) => ({ ...toField(given), isText: true }))];
    const body = toBody({ method, fields, bodyFile });
    if (!withBody.includes(method)) for (const { name, value } of fields) target.searchParams.append(name, value);
    if (method === 'DELETE') await confirm(context, { yes: isConfirmed, what: `delete ${path}`, done: 'deleted' });
    try {
      for (let next: string | undefined; ; target.searchParams.set('cursor', next)) {
        next = await print(context, await send(context, { method, target, body, headers }));
        if (next === undefined || method !== 'GET') return;
        if (!paginate) return context.output.printNext(next, '--field cursor=');
      }
    } catch (error) {
      throw asSent(error);
    }
  },
});

interface Field {
  readonly name: string;
  readonly value: string;
  readonly isText: boolean;
}

function toField(given: string): Field {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(given) ?? [];
  if (name === undefined || value === undefined)
    throw new CliError('usage', `"${given}" must have the form name=value.`);
  return { name, value, isText: false };
}

/**
 * The key is sent to the server of `--url` only, and to no path above it, where another program may answer.
 * @returns the URL, whose path begins with that of `--url`
 * @throws CliError for any other path
 */
function toTarget(url: string, path: string): URL {
  const base = new URL(url);
  const target = path.startsWith('/') ? new URL(`${url}${path}`) : undefined;
  // A proxy may decode these before it chooses the program that answers.
  const decoded = target?.pathname.replace(/%2e/gi, '.').replace(/%2f|%5c/gi, '/') ?? '';
  const isBelow = target?.origin === base.origin && target.pathname.startsWith(`${prefixOf(base)}/`);
  if (isBelow && !/(?:^|\/)\.\.?(?:[/;]|$)/.test(decoded)) return target;
  throw new CliError(
    'usage',
    'The path must begin with / and be a path of the API, such as /api/ehr/connections. Set the URL of the API with --url.',
  );
}

const prefixOf = ({ pathname }: URL) => pathname.replace(/\/$/, '');

function toBody(options: {
  readonly method: string;
  readonly fields: readonly Field[];
  readonly bodyFile: string | undefined;
}): string | Buffer | undefined {
  const { method, fields, bodyFile } = options;
  if (bodyFile !== undefined) {
    if (!withBody.includes(method)) throw new CliError('usage', `${method} has no body. Leave out --body-file.`);
    if (fields.length > 0)
      throw new CliError('usage', 'Give the body with --body-file or its fields with --field, not both.');
    return readFileSync(bodyFile);
  }
  if (fields.length === 0 || !withBody.includes(method)) return undefined;
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CliError(
      'usage',
      `The field ${twice} is given twice. Give a list as JSON: --field '${twice}=["a","b"]'.`,
    );
  return `{${fields.map((field) => `${JSON.stringify(field.name)}:${toJson(field)}`).join(',')}}`;
}

/** JSON is sent as it is written, because parsing would change the text of numbers. */
function toJson({ value, isText }: Field): string {
  if (isText) return JSON.stringify(value);
  const content = value.startsWith('@') ? readFileSync(value.slice(1), 'utf8').trim() : value;
  try {
    JSON.parse(content);
    return content;
  } catch {
    return JSON.stringify(content);
  }
}

async function send(
  { api: client, url }: Context,
  options: {
    readonly method: string;
    readonly target: URL;
    readonly body: string | Buffer | undefined;
    readonly headers: Headers;
  },
) {
  const { method, target, body, headers } = options;
  const path = `${target.pathname.slice(prefixOf(new URL(url)).length)}${target.search}`;
  // The types of the client know each operation, and this one is known at run time only.
  const init: Record<string, unknown> = {
    ...(body === undefined ? {} : { body, bodySerializer: (content: unknown) => content }),
    headers: Object.fromEntries(headers),
    parseAs: 'stream',
    // Another server must get neither the key nor the body.
    redirect: 'manual',
  };
  const answer = await client.request(method as 'get', path as '/health', init);
  const { status } = answer.response;
  if (status < 300 || status >= 400) return answer;
  throw new CliError(
    'usage',
    `The API answered with a redirect (${status}), which this command does not follow. Open the URL in a browser.`,
  );
}

/** Prints the content unchanged, because parsing would change the text of numbers. @returns the cursor of the next page of a list */
async function print({ stdout }: Context, answer: Awaited<ReturnType<typeof send>>): Promise<string | undefined> {
  const { ok, status, headers } = answer.response;
  if (status === 204) return undefined;
  if (!ok || !/^application\/json\b/.test(headers.get('content-type') ?? '')) {
    await download(answer, { stdout });
    return undefined;
  }
  const content = await new Response(answer.data as unknown as ReadableStream).text();
  const { next } = (JSON.parse(content) ?? {}) as { readonly next?: unknown };
  stdout.write(`${stdout.isTTY ? toTerminalText(indentJson(content)) : content}\n`);
  return typeof next === 'string' ? next : undefined;
}

/** @throws CliError if one of them is no header, or if it is one that this command sets */
function toHeaders(given: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of given) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/s.exec(line) ?? [];
    // The key must come from where no other user of the machine can see it.
    if (/^(?:authorization|cookie|content-length|host)$/i.test(name.trim()))
      throw new CliError(
        'usage',
        `The header ${name.trim()} cannot be given. The key is that of BULKHEAD_API_KEY or --key-file.`,
      );
    try {
      headers.append(name.trim(), value.trim());
    } catch {
      throw new CliError('usage', 'A --header must have the form "Name: value", such as "Idempotency-Key: night-1".');
    }
  }
  return headers;
}
