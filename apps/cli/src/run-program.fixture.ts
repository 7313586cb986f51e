import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runProgram } from './create-program.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}
interface Content {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

const document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> } = JSON.parse(
  readFileSync(new URL('../../api/openapi.json', import.meta.url), 'utf8'),
);

/** The operations of openapi.json with their first successful response. Paths without parameters come first. */
export const operations = Object.entries(document.paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, responses }]) => {
      const [status = '', { content = {} } = {}] = Object.entries(responses).find(([code]) => code < '400') ?? [];
      const [contentType = '', { example, examples = {} } = {}] = Object.entries(content)[0] ?? [];
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        status: Number(status),
        contentType,
        example: example ?? Object.values(examples)[0]?.value,
      };
    }),
  )
  .toSorted((one, other) => one.path.split('{').length - other.path.split('{').length);

/** @param options.path with parameters: `/api/ehr/connections/{id}` */
function isAt({ path, pathname }: { readonly path: string; readonly pathname: string }): boolean {
  const parts = pathname.split('/');
  const names = path.split('/');
  return parts.length === names.length && names.every((name, index) => name.startsWith('{') || name === parts[index]);
}

/** The record that each stream of events sends: the name of the event, and the operation whose example is its data. */
const streams: Readonly<Record<string, readonly [string, string]>> = {
  watchBulkExports: ['exports', 'listBulkExports'],
  watchBulkExport: ['export', 'getBulkExport'],
  watchSyncRun: ['sync-run', 'getSyncRun'],
  watchRateBudgets: ['budgets', 'listRateBudgets'],
};

/** The errors of all responses in openapi.json, each message once. */
export const documentedErrors = [
  ...new Map(
    Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ content = {} }) => Object.values(content))
      .flatMap(({ examples = {} }) => Object.values(examples))
      .flatMap(({ value }) => (value as { readonly error?: ApiErrorBody }).error ?? [])
      .map((error) => [error.message, error] as const),
  ).values(),
];

interface ApiErrorBody {
  readonly code: string;
  readonly message: string;
}

/**
 * Runs a command line in this process, against an API that answers as openapi.json says.
 *
 * @param options.answers responses that differ from the documented ones, by operation
 * @param options.types what a person types on the terminal. Without it there is no terminal
 * @returns `calls` are the operations that were called, in order
 */
export async function run(options: {
  readonly args: readonly string[];
  readonly answers?: Readonly<
    Record<
      string,
      { readonly status?: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
    >
  >;
  readonly types?: string;
  /** Runs before an operation is answered. */
  readonly beforeAnswer?: (id: string) => Promise<void>;
  readonly env?: Readonly<Record<string, string>>;
}) {
  const { args, answers = {}, types, beforeAnswer, env = {} } = options;
  /** `search` is the query of the request, with its `?`. `sent` is its body. */
  const calls: ((typeof operations)[number] & {
    readonly search: string;
    readonly headers: Headers;
    readonly sent: string;
  })[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const found = operations.find(({ method, path }) => method === request.method && isAt({ path, pathname }));
    if (found === undefined) throw new Error(`There is no operation ${request.method} ${pathname}`);
    // Every program asks for the health of the API without its key before it sends the key.
    const { headers } = request;
    if (headers.has('authorization')) calls.push({ ...found, search, headers, sent: await request.text() });
    await beforeAnswer?.(found.id);
    const { status = found.status, body = exampleOf(found.id), headers: added } = answers[found.id] ?? {};
    const contentType = status < 400 ? found.contentType : 'application/json';
    if (status === 204) return new Response(null, { status });
    const content = typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body);
    const contentLength = String(Buffer.byteLength(content));
    return new Response(content as string | Buffer<ArrayBuffer>, {
      status,
      headers: {
        'content-type': contentType,
        'content-length': contentLength,
        date: new Date().toUTCString(),
        ...added,
      },
    });
  };
  const isTerminal = types !== undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY: isTerminal });
  const stdout = Object.assign(new PassThrough(), { isTTY: isTerminal });
  const stderr = Object.assign(new PassThrough(), { isTTY: isTerminal });
  if (types !== undefined) stdin.end(types);
  const exitCode = await runProgram(args, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    env: { BULKHEAD_API_KEY: 'bulkhead_1', ...env },
    fetch: answer as typeof fetch,
  });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr), calls };
}

export function exampleOf(id: string): unknown {
  const stream = streams[id];
  if (stream === undefined) return operations.find((operation) => operation.id === id)?.example ?? 'content';
  const [event, source] = stream;
  const { data } = exampleOf(source) as { readonly data: unknown };
  return `retry: 2000\n\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n:\n\nevent: end\ndata: {}\n\n`;
}

/** Splits a command line as a shell does, if it contains no other quotes than `"`. */
export function toArgs(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
