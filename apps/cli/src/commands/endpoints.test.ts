import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-endpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { data: provider } = exampleOf('getProvider') as {
  readonly data: { readonly entry: object; readonly version: string };
};
/** A provider whose hosts are a pattern, one that stays in the list and one that does not. */
const endpointHosts = ['*.pattern.example', 'stays.example', 'left.example'];
const answers = {
  getProvider: {
    body: {
      success: true,
      data: { ...provider, entry: { ...provider.entry, endpointHosts }, settings: { endpointHosts } },
    },
  },
};
const endpoint = (name: string, address: string) => ({ resource: { resourceType: 'Endpoint', name, address } });
const entry = [
  endpoint('General Hospital', 'https://new.example/fhir'),
  endpoint('Saint Mary', 'https://stays.example/a'),
  endpoint('Saint Anne', 'https://x.pattern.example/b'),
  endpoint('Plain Clinic', 'http://plain.example/fhir'),
];
const list = join(folder, 'list.json');
writeFileSync(list, JSON.stringify({ resourceType: 'Bundle', entry }));
const importArgs = ['endpoints', 'import', '--list', list];

test('endpoints import shows what would change, and changes nothing in a dry run', async () => {
  const { stdout, calls } = await run({ args: [...importArgs, '--prune', '--dry-run'], answers });
  expect(stdout.trim().split('\n')).toEqual([
    'FHIR endpoints in the list: 3',
    'left out, not https at the usual port: 1',
    'hosts that would be allowed: 1',
    '  new.example',
    'hosts that would no longer be allowed: 1',
    '  left.example',
  ]);
  expect(calls.map(({ id }) => id)).toEqual(['getProvider']);
});

test.each([
  { args: ['--yes'], hosts: [...endpointHosts, 'new.example'] },
  { args: ['--yes', '--prune'], hosts: ['*.pattern.example', 'stays.example', 'new.example'] },
])('endpoints import $args keeps patterns and the other fields of the entry', async ({ args, hosts }) => {
  const { calls } = await run({ args: [...importArgs, ...args], answers });
  expect(calls.map(({ id }) => id)).toEqual(['getProvider', 'changeProvider']);
  expect(JSON.parse(calls[1]?.sent ?? '')).toEqual({ ...provider.entry, endpointHosts: hosts });
  // Another import since then is not undone.
  expect(calls[1]?.search).toBe(`?version=${provider.version}`);
});

test('endpoints search finds words of a name in any order, and says whether the host is allowed', async () => {
  const args = ['endpoints', 'search', 'hospital general', '--list', list, '--json'];
  const { stdout } = await run({ args, answers });
  expect(JSON.parse(stdout)).toEqual([{ name: 'General Hospital', url: 'https://new.example/fhir', isAllowed: false }]);
});

test('endpoints search follows the pages of a list at its origin, and at no other', async () => {
  const page = (name: string, next?: string) => ({
    resourceType: 'Bundle',
    entry: [endpoint(name, `https://${name}.example/fhir`)],
    link: next === undefined ? [] : [{ relation: 'next', url: next }],
  });
  const pages: Readonly<Record<string, object>> = {
    '/first': page('one', '/second'),
    '/second': page('two'),
    '/foreign': page('three', 'https://evil.example/list'),
  };
  const server = createServer(({ url = '' }, response) => response.end(JSON.stringify(pages[url])));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const search = (path: string) =>
      run({ args: ['endpoints', 'search', 'two', '--list', `http://127.0.0.1:${port}${path}`, '--json'], answers });
    expect(JSON.parse((await search('/first')).stdout)).toMatchObject([{ name: 'two' }]);
    expect((await search('/foreign')).stderr).toContain('is at another origin');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.each([
  { what: 'no JSON', content: '<html>', says: 'is not valid JSON' },
  { what: 'no Bundle', content: '[]', says: 'is not a FHIR Bundle' },
  { what: 'no endpoint', content: '{"resourceType":"Bundle"}', says: 'has no FHIR endpoint' },
])('a list with $what is refused, and nothing changes', async ({ content, says }) => {
  const file = join(folder, 'wrong.json');
  writeFileSync(file, content);
  const { exitCode, stderr, calls } = await run({ args: ['endpoints', 'import', '--list', file, '--yes'], answers });
  expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining(says)]);
  expect(calls.map(({ id }) => id)).toEqual(['getProvider']);
});

test('a list over plain http is refused, because its hosts get credentials', async () => {
  const { stderr } = await run({ args: ['endpoints', 'search', 'x', '--list', 'http://list.example/b'], answers });
  expect(stderr).toContain('is not an https:// URL');
});

test('a provider without a published list needs one', async () => {
  const { stderr } = await run({ args: ['endpoints', 'search', 'x'], answers });
  expect(stderr).toContain('Pass a list with --list');
});

test('providers set shows a fault by the path in the file, and not as an option', async () => {
  const details = [{ path: 'endpointHosts.0', message: 'is too wide' }];
  const error = { code: 'invalid-request', message: 'Not valid.', details };
  const refusal = { changeProvider: { status: 400, body: { success: false, error } } };
  const file = join(folder, 'entry.json');
  writeFileSync(file, '{}');
  const { stderr } = await run({ args: ['providers', 'set', 'epic', file], answers: refusal });
  expect(stderr).toContain('endpointHosts.0: is too wide');
});
