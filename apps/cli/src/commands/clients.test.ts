import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-clients-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const register = ['clients', 'register', '--name', 'warehouse'];
const example = (exampleOf('registerClient') as { readonly data: { readonly id: string } }).data;
const key = { kty: 'EC', crv: 'P-384', kid: 'k1', x: 'x1', y: 'y1' };

test('clients register sends the keys of a file, the scope and the connections, and prints the client id', async () => {
  const jwks = { keys: [key] };
  const scope = 'system/Patient.rs system/Observation.rs';
  const args = [...register, '--jwks', write('jwks.json', JSON.stringify(jwks)), '--scope', scope];
  const { stdout, calls } = await run({ args: [...args, '--connections', 'conn_1,conn_2'] });
  expect(stdout).toBe(`${example.id}\n`);
  const body = { name: 'warehouse', scope, connectionIds: ['conn_1', 'conn_2'], jwks };
  expect(calls.map(({ id, sent }) => [id, JSON.parse(sent)])).toEqual([['registerClient', body]]);
});

test('clients register sends the URL of the keys, and a scope that allows to read everything by default', async () => {
  const jwksUrl = 'https://warehouse.example/jwks.json';
  const { calls } = await run({ args: [...register, '--jwks-url', jwksUrl] });
  const body = { name: 'warehouse', scope: 'system/*.read', jwksUrl };
  expect(calls.map(({ sent }) => JSON.parse(sent))).toEqual([body]);
});

test('clients register tells a person the token URL and the FHIR base URL, and tells a program only the id', async () => {
  const args = [...register, '--jwks-url', 'https://warehouse.example/jwks.json', '--connections', 'conn_1'];
  const { stdout, stderr } = await run({ args, types: '' });
  expect(stdout).toBe(`${example.id}\n`);
  expect(stderr).toBe(
    'The client gets tokens at https://bulkhead.example/api/ehr/oauth/token. The FHIR base URL of a connection looks like https://bulkhead.example/api/ehr/-/fhir/conn_1.\n',
  );
  const { stderr: quiet, calls } = await run({ args: [...args, '-q'], types: '' });
  expect([quiet, calls.map(({ id }) => id)]).toEqual(['', ['registerClient']]);
});

test.each([
  { what: 'is missing', file: join(folder, 'none.json'), says: 'none.json cannot be opened (ENOENT).' },
  { what: 'is not JSON', file: write('pem.json', '-----BEGIN'), says: 'pem.json is not valid JSON.' },
  {
    what: 'is a single key',
    file: write('key.json', JSON.stringify(key)),
    says: 'key.json is not a JSON Web Key Set, which is an object with the list "keys".',
  },
  { what: 'is null', file: write('null.json', 'null'), says: 'null.json is not a JSON Web Key Set' },
])('clients register sends nothing and says why if the file with the keys $what', async ({ file, says }) => {
  const { exitCode, stdout, stderr, calls } = await run({ args: [...register, '--jwks', file] });
  expect({ exitCode, stdout, calls }).toEqual({ exitCode: 2, stdout: '', calls: [] });
  expect(stderr).toContain(says);
});

test.each([[], ['--jwks', 'jwks.json', '--jwks-url', 'https://warehouse.example/jwks.json']])(
  'clients register requires a file, a URL or --uses-secret, and refuses the options %j',
  async (...options) => {
    const { exitCode, stderr, calls } = await run({ args: [...register, ...options] });
    expect({ exitCode, calls }).toEqual({ exitCode: 2, calls: [] });
    expect(stderr).toContain('with --jwks FILE or with --jwks-url URL, or --uses-secret if it has none.');
  },
);

test('clients register tells the API that a client can only send a secret, and create-secret prints it', async () => {
  const { calls } = await run({ args: [...register, '--uses-secret'] });
  expect(calls.map(({ sent }) => JSON.parse(sent))).toMatchObject([{ name: 'warehouse', usesSecret: true }]);
  const { data } = exampleOf('createClientSecret') as { readonly data: { readonly secret: string } };
  const { stdout } = await run({ args: ['clients', 'create-secret', 'client_1'] });
  expect(stdout).toBe(`${data.secret}\n`);
  const deleted = await run({ args: ['clients', 'delete-secret', 'client_1', 'secret_1', '--yes'] });
  expect(deleted.calls.map(({ id }) => id)).toEqual(['deleteClientSecret']);
});

test('a key that the API refuses is named by the option of the command', async () => {
  const details = [{ path: 'jwks.keys.0', message: 'is shorter than 2048 bits' }];
  const error = {
    code: 'invalid-request',
    message: 'The request is not valid. Correct what `details` lists and send it again.',
    details,
  };
  const answers = { registerClient: { status: 400, body: { success: false, error } } };
  const { stderr } = await run({ args: [...register, '--jwks', write('short.json', '{"keys":[]}')], answers });
  expect(stderr).toBe('A value is not valid.\n  --jwks: is shorter than 2048 bits\n');
});

test('clients list names the keys of a client, or their URL', async () => {
  const client = { id: 'client_1', name: 'research', scope: 'system/*.read', createdAt: '2026-11-24T18:05:17.511Z' };
  const withKeys = { ...client, jwks: { keys: [key, { ...key, kid: 'k2' }] } };
  const withUrl = { ...client, id: 'client_2', connectionIds: ['conn_1'], jwksUrl: 'https://warehouse.example/jwks' };
  const answers = {
    listClients: { body: { success: true, data: [withKeys, withUrl] } },
  };
  const list = await run({ args: ['clients', 'list'], answers });
  expect(list.stdout).toMatch(/client_1 .* all +2 keys .*\nclient_2 .* conn_1 +https:\/\/warehouse\.example\/jwks/);
  expect((await run({ args: ['clients', 'list', '-q'], answers })).stdout).toBe('client_1\nclient_2\n');
});

test('audit list marks events of clients, because a client and a key can have the same name', async () => {
  const event = {
    id: 'evt_1',
    at: '2026-11-24T18:05:17.511Z',
    action: 'resource.read',
    outcome: 'success',
    target: {},
  };
  const actors = [
    { kind: 'client', id: 'client_1', name: 'warehouse', role: 'client' },
    { kind: 'api-key', id: 'key_1', name: 'warehouse', role: 'client' },
  ];
  const answers = { listAuditEvents: { body: { success: true, data: actors.map((actor) => ({ ...event, actor })) } } };
  const { stdout } = await run({ args: ['audit', 'list'], answers });
  expect(stdout).toMatch(/UTC {2}warehouse \(client\) {2}resource\.read.*\n.*UTC {2}warehouse +resource\.read/);
});
