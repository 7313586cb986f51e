import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EhrConnection } from '../providers/index.ts';
import { deleteExport, readExportStatus } from './bulk-data/export-status.ts';
import { openFile } from './bulk-data/open-file.ts';
import { createTestClient, type TestClient } from './testing/create-test-client.ts';

const manifest = { body: { transactionTime: '2024-02-01T00:00:00Z', output: [] } };
const internalName = 'http://ehr.internal:8080';

let server: ScriptedServer;
/** Another origin of the EHR. */
let other: ScriptedServer;
/** An origin that the EHR refers to and no operator allows. */
let foreign: ScriptedServer;
let client: TestClient;
beforeEach(async () => {
  const script = { '*': manifest, 'DELETE *': { status: 202 } };
  server = await startScriptedServer({
    ...script,
    '/token': { body: { access_token: 'token-1', token_type: 'bearer' } },
  });
  other = await startScriptedServer(script);
  foreign = await startScriptedServer(script);
});
afterEach(async () => {
  client.close();
  await Promise.all([server, other, foreign].map((each) => each.stop()));
});

const allowed = () => ({ origins: [other.url], aliases: [internalName] });

/** Opens a session whose provider, or whose connection, allows the other origin and the internal name. */
function open({
  by = 'connection',
  hasToken = true,
}: {
  by?: 'provider' | 'connection' | 'none';
  hasToken?: boolean;
} = {}) {
  client = createTestClient(server.url, { provider: by === 'provider' ? allowed() : {} });
  const auth: EhrConnection['auth'] = hasToken
    ? {
        method: 'client_credentials',
        clientId: 'client',
        clientSecret: 'secret',
        scope: 'system/*.read',
        tokenEndpoint: `${server.url}/token`,
      }
    : { method: 'none' };
  return client.client.session({ ...client.connection, auth, ...(by === 'connection' ? allowed() : {}) });
}

const received = ({ requests }: ScriptedServer) =>
  requests
    .filter(({ path }) => path !== '/token')
    .map(({ method, path, headers }) => `${method} ${path} ${headers.authorization ?? 'no token'}`);

test('a connection whose host the provider no longer allows sends nothing, not even without a token #egress', () => {
  client = createTestClient(server.url);
  const moved = { ...client.connection, fhirEndpoint: `${foreign.url}/fhir`, auth: { method: 'none' } as const };
  expect(() => client.client.session(moved)).toThrow(expect.objectContaining({ code: 'endpoint-not-allowed' }));
  expect(foreign.requests).toEqual([]);
});

test('an open session follows the entry of its provider: an origin, a token endpoint or a host that is removed gets nothing more #egress', async () => {
  client = createTestClient(server.url, { provider: { origins: [other.url] } });
  const auth = { method: 'client_credentials', clientId: 'c', clientSecret: 's', scope: 'system/*.read' } as const;
  server.answer({ '/.well-known/smart-configuration': { body: { token_endpoint: `${server.url}/token` } } });
  const session = client.client.session({ ...client.connection, auth });
  const statusUrl = `${other.url}/status`;
  await readExportStatus({ session, statusUrl });
  client.changeProvider({ origins: [] });
  await expect(readExportStatus({ session, statusUrl })).rejects.toMatchObject({ code: 'origin-not-allowed' });
  expect(received(other)).toHaveLength(1);
  // The discovered endpoints are kept for an hour, but not those of an earlier entry.
  server.answer({ '/.well-known/smart-configuration': { body: { token_endpoint: 'http://tokens.example/token' } } });
  client.changeProvider({ oauthHosts: [] });
  const signal = AbortSignal.timeout(10_000);
  await expect(session.replaceToken(signal)).rejects.toMatchObject({ code: 'endpoint-not-allowed' });
  client.changeProvider({ environments: { test: { fhirEndpoint: 'https://moved.example/fhir' } } });
  const before = server.requests.length;
  await expect(readExportStatus({ session, statusUrl: `${server.url}/status` })).rejects.toMatchObject({
    code: 'endpoint-not-allowed',
  });
  expect([server.requests.length, foreign.requests]).toEqual([before, []]);
});

test('a client secret stays at the origin of its token endpoint, although the EHR names another one that the provider allows #egress', async () => {
  client = createTestClient(server.url);
  const auth = { method: 'client_credentials', clientId: 'c', clientSecret: 's', scope: 'system/*.read' } as const;
  const nameEndpoint = (base: string, revocation = base) => {
    const body = { token_endpoint: `${base}/token`, revocation_endpoint: `${revocation}/revoke` };
    server.answer({ '/.well-known/smart-configuration': { body } });
    // An announced release of the EHR: what was discovered is read again.
    client.changeProvider({});
  };
  const session = client.client.session({ ...client.connection, auth });
  nameEndpoint(server.url, other.url);
  await readExportStatus({ session, statusUrl: `${server.url}/status` });
  expect(await session.revoke('token-1')).toBe(false);
  nameEndpoint(other.url);
  const signal = AbortSignal.timeout(10_000);
  const error = await session.replaceToken(signal).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'token-endpoint-moved', message: expect.stringContaining(other.url) });
  await expect(session.revoke('token-1')).rejects.toMatchObject({ code: 'token-endpoint-moved' });
  expect(other.requests).toEqual([]);
  // New credentials are for the new origin.
  other.answer({ '/token': { body: { access_token: 'token-2', token_type: 'bearer' } } });
  const replaced = client.client.session({ ...client.connection, auth, credentialsVersion: 1 });
  await replaced.replaceToken(signal);
  expect(other.requests.map(({ path }) => path)).toEqual(['/token']);
});

describe.each(['provider', 'connection'] as const)('an origin that the %s allows #file-token', (by) => {
  test('gets status requests, deletions and files with the token', async () => {
    const session = open({ by });
    const statusUrl = `${other.url}/status`;
    await readExportStatus({ session, statusUrl });
    await deleteExport({ session, statusUrl });
    await openFile({ session, url: `${other.url}/file`, requiresAccessToken: true });
    expect(received(other)).toEqual(
      ['GET /status', 'DELETE /status', 'GET /file'].map((line) => `${line} Bearer token-1`),
    );
  });

  test('gets the request at the FHIR endpoint if it is another name of it', async () => {
    const session = open({ by });
    await readExportStatus({ session, statusUrl: `${internalName}/status?a=b` });
    expect(received(server)).toEqual(['GET /status Bearer token-1']);
  });
});

test('another name of the FHIR endpoint is not trusted: a redirect to it loses the token #redirect-token', async () => {
  client = createTestClient(server.url, { provider: { aliases: [foreign.url] } });
  const auth = { method: 'client_credentials', clientId: 'c', clientSecret: 's', scope: 'system/*.read' } as const;
  server.answer({
    '/.well-known/smart-configuration': { body: { token_endpoint: `${server.url}/token` } },
    '/file': { status: 307, headers: { location: `${foreign.url}/file` } },
  });
  const session = client.client.session({ ...client.connection, auth });
  await openFile({ session, url: `${server.url}/file`, requiresAccessToken: true });
  expect(received(foreign)).toEqual(['GET /file no token']);
});

test.each(['http://abc@ehr.internal:8080/file?a=b', 'http://ehr.internal:8080/file?a=b'])(
  'the link %s at another name of the FHIR endpoint is requested at the FHIR endpoint',
  async (url) => {
    const session = open();
    await readExportStatus({ session, statusUrl: url });
    expect(received(server)).toEqual(['GET /file Bearer token-1']);
  },
);

test('a redirect to an allowed origin keeps the token, and one to another origin loses it #redirect-token', async () => {
  const session = open();
  for (const target of [other, foreign]) {
    server.answer({ '/file': { status: 307, headers: { location: `${target.url}/file` } } });
    await openFile({ session, url: `${server.url}/file`, requiresAccessToken: true });
  }
  other.answer({ '/back': { status: 307, headers: { location: `${foreign.url}/back` } } });
  foreign.answer({ '/back': { status: 307, headers: { location: `${server.url}/back` } } });
  await openFile({ session, url: `${other.url}/back`, requiresAccessToken: true });
  expect(received(other)).toEqual(['GET /file Bearer token-1', 'GET /back Bearer token-1']);
  expect(received(foreign)).toEqual(['GET /file no token', 'GET /back no token']);
  expect(received(server).at(-1)).toBe('GET /back no token');
});

test.each([{ by: 'none' }, { by: 'provider' }, { by: 'connection' }] as const)(
  'a link to an origin that is not allowed is not requested, and the error shows the settings ($by) #file-token',
  async ({ by }) => {
    const session = open({ by });
    for (const send of [
      () => readExportStatus({ session, statusUrl: `${foreign.url}/status` }),
      () => deleteExport({ session, statusUrl: `${foreign.url}/status` }),
      () => openFile({ session, url: `${foreign.url}/file`, requiresAccessToken: true }),
    ])
      await expect(send()).rejects.toMatchObject({
        code: 'origin-not-allowed',
        retry: 'never',
        message: expect.stringMatching(/access token.*`origins`.*`aliases`/),
        context: { host: new URL(foreign.url).host },
      });
    expect(received(foreign)).toEqual([]);
  },
);

test('the error of a connection without a token does not speak of one', async () => {
  const session = open({ by: 'none', hasToken: false });
  const error = await readExportStatus({ session, statusUrl: `${foreign.url}/status` }).catch(
    (caught: Error) => caught,
  );
  expect(error).toMatchObject({ code: 'origin-not-allowed', message: expect.stringContaining('`origins`') });
  expect((error as Error).message).not.toContain('token');
  expect(received(foreign)).toEqual([]);
});

test('an origin that is allowed is still subject to the rules for private addresses #egress', async () => {
  client = createTestClient('https://ehr.example/fhir', {
    provider: { origins: ['https://127.0.0.1:1', 'http://files.example'] },
  });
  for (const url of ['https://127.0.0.1:1/file', 'http://files.example/file', 'https://169.254.169.254/file'])
    await expect(openFile({ session: client.session, url, requiresAccessToken: false })).rejects.toMatchObject({
      code: 'egress-refused',
    });
});
