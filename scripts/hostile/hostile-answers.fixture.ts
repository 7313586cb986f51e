import { gzipSync } from 'node:zlib';
import type { Answer } from '@bulkhead/testing';
import { goodAnswers, type Route } from '../leaks/marked-answers.fixture.ts';
import { toAnswer } from '../leaks/planting-ehr.fixture.ts';

/** The kind of answer that a route has: the `name` of its rules in answer-rules.ts. Tokens are read by openid-client. */
export const kindOf: Readonly<Record<Route, string>> = {
  discovery: 'configuration',
  token: 'token',
  metadata: 'resource',
  'kick-off': 'kick-off',
  status: 'export status',
  file: 'file',
  deleted: 'file',
  errors: 'file',
  search: 'search page',
  document: 'document',
};

/** An answer of the largest allowed size, or beyond it, in one shape. */
export interface HostileAnswer {
  readonly route: Route;
  readonly name: string;
  readonly answer: (base: string) => Answer;
}

const megabyte = 1_000_000;
const list = (element: string, count: number) => `[${`${element},`.repeat(count - 1)}${element}]`;
const text = (bytes: number) => JSON.stringify('a '.repeat(bytes / 2));
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`;

/** JSON values, each as large as an answer of this many bytes may have. */
const shapesOf = (bytes: number): Readonly<Record<string, string>> => ({
  'a long text': text(0.9 * bytes),
  'empty objects': list('{}', Math.min(bytes / 3, 490_000)),
  'more values than allowed': list('{}', Math.min(bytes / 3, 1_500_000)),
  decimals: list('1.50', Math.min(bytes / 5, 240_000)),
  'many keys': keys(Math.min(bytes / 12, 300_000)),
  'many levels': deep(Math.min(bytes / 2, 400_000)),
});

const sizes: Readonly<Partial<Record<Route, number>>> = {
  discovery: megabyte,
  token: megabyte,
  metadata: 8 * megabyte,
  status: 60 * megabyte,
  search: 30 * megabyte,
};

/** Puts a shape where the reader of the answer looks for a list. */
const places: Readonly<Partial<Record<Route, (shape: string, base: string) => string>>> = {
  discovery: (shape, base) =>
    `{"issuer":${JSON.stringify(base)},"token_endpoint":${JSON.stringify(`${base}/token`)},"capabilities":${shape}}`,
  token: (shape) => `{"access_token":"t","token_type":"Bearer","expires_in":3600,"extra":${shape}}`,
  metadata: (shape) => `{"resourceType":"CapabilityStatement","rest":[{"resource":${shape}}]}`,
  status: (shape) => `{"transactionTime":"2026-01-02T00:00:00Z","requiresAccessToken":true,"output":${shape}}`,
  search: (shape) => `{"resourceType":"Bundle","type":"searchset","entry":${shape}}`,
};

const resource = (type: string, member: string) => `{"resourceType":"${type}","id":"h1",${member}}`;

/** Answers that are understood, with as much as they may have in what is kept of them. */
const kept: readonly { readonly route: Route; readonly name: string; readonly body: (base: string) => string }[] = [
  {
    route: 'metadata',
    name: 'many types, and long names',
    body: () => {
      const types = Array.from({ length: 90_000 }, (_, index) => `{"type":"Type${index}"}`).join();
      const name = text(megabyte);
      return `{"resourceType":"CapabilityStatement","fhirVersion":${name},"software":{"name":${name}},"rest":[{"resource":[{"type":"Patient"},{"type":"Patient"},${types},{"type":${name}}]}]}`;
    },
  },
  {
    route: 'token',
    name: 'long scopes',
    body: () => {
      const scope = Array.from({ length: 20_000 }, (_, index) => `system/Type${index}.read`).join(' ');
      return `{"access_token":"t","token_type":"Bearer","expires_in":3600,"scope":${JSON.stringify(scope)}}`;
    },
  },
  {
    route: 'discovery',
    name: 'long endpoints',
    body: (base) =>
      `{"issuer":${text(0.3 * megabyte)},"token_endpoint":"${base}/token","authorization_endpoint":"${base}/${'a'.repeat(0.3 * megabyte)}","revocation_endpoint":"${base}/${'a'.repeat(0.2 * megabyte)}"}`,
  },
  {
    route: 'status',
    name: 'long texts',
    body: (base) => {
      const long = 'a'.repeat(megabyte);
      const file = `{"type":"Patient","url":"${base}/file/${long}","count":1}`;
      return `{"transactionTime":"2026-01-02T00:00:00Z","requiresAccessToken":true,"request":"${base}/${long}","output":[${file}],"error":[{"type":"OperationOutcome","url":"${base}/errors/${long}"}],"link":[{"relation":"next","url":"${base}/status/${long}"}]}`;
    },
  },
];

/** As many files as a manifest may have. The worker writes and queues a record for each. */
const manyFiles = (base: string) =>
  `[${Array.from({ length: 50_000 }, (_, index) => `{"type":"Patient","url":"${base}/file/${index}"}`).join()}]`;

/** Lines of files, up to the largest line. */
const lines: readonly { readonly route: Route; readonly name: string; readonly text: string }[] = [
  { route: 'file', name: 'empty objects, one a line', text: '{}\n'.repeat(megabyte) },
  { route: 'file', name: 'a line of decimals', text: resource('Patient', `"a":${list('1.50', 300_000)}`) },
  { route: 'file', name: 'a line of empty objects', text: resource('Patient', `"a":${list('{}', 490_000)}`) },
  {
    route: 'file',
    name: 'lines with 14 MB of text',
    text: `${resource('Patient', `"a":${text(14 * megabyte)}`)}\n`.repeat(3),
  },
  { route: 'file', name: 'a line of many keys', text: resource('Patient', keys(300_000).slice(1, -1)) },
  {
    route: 'deleted',
    name: 'many deletions',
    text: resource('Bundle', `"entry":${list('{"request":{"method":"DELETE","url":"Patient/x"}}', 110_000)}`),
  },
  {
    route: 'errors',
    name: 'many issues',
    text: resource('OperationOutcome', `"issue":${list('{"severity":"error","code":"exception"}', 110_000)}`),
  },
  {
    route: 'errors',
    name: 'an issue with a long text',
    text: resource('OperationOutcome', `"issue":[{"diagnostics":"Observation/1 ${'a '.repeat(7 * megabyte)}"}]`),
  },
];

const entries: readonly { readonly name: string; readonly text: string }[] = [
  { name: 'an entry of decimals', text: list(`{"resource":${resource('Patient', `"a":${list('1.50', 49_000)}`)}}`, 4) },
  {
    name: 'an entry of many attachments',
    text: list(
      `{"resource":${resource('DocumentReference', `"content":${list('{"attachment":{"url":"a"}}', 100_000)}`)}}`,
      1,
    ),
  },
];

const json = { 'content-type': 'application/fhir+json' };
const manyHeaders = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`x-header-${index}`, 'a']));
const bomb = gzipSync(Buffer.alloc(200 * megabyte));

export const hostileAnswers: readonly HostileAnswer[] = [
  ...(Object.keys(places) as Route[]).flatMap((route) =>
    Object.entries(shapesOf(sizes[route] ?? megabyte)).map(([name, shape]) => ({
      route,
      name,
      answer: (base: string) => ({ headers: json, body: places[route]?.(shape, base) }),
    })),
  ),
  {
    route: 'status',
    name: 'many files',
    answer: (base: string) => ({ headers: json, body: places.status?.(manyFiles(base), base) }),
  },
  ...kept.map(({ route, name, body }) => ({
    route,
    name,
    answer: (base: string) => ({ headers: json, body: body(base) }),
  })),
  ...entries.map(({ name, text: shape }) => ({
    route: 'search' as const,
    name,
    answer: (base: string) => ({ headers: json, body: places.search?.(shape, base) }),
  })),
  ...lines.map(({ route, name, text: body }) => ({
    route,
    name,
    answer: () => ({ headers: { 'content-type': 'application/fhir+ndjson' }, body }),
  })),
  ...(Object.keys(goodAnswers) as Route[]).flatMap((route) => [
    {
      route,
      name: 'many headers',
      answer: (base: string) => {
        const good = toAnswer(goodAnswers[route](base));
        return { ...good, headers: { ...good.headers, ...manyHeaders } };
      },
    },
    {
      route,
      name: 'a compressed body without an end',
      answer: () => ({
        status: route === 'status' ? 200 : 503,
        headers: { ...json, 'content-encoding': 'gzip' },
        body: bomb,
      }),
    },
  ]),
];
