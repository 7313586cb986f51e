import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import { type Handler, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { bulkRoutes, capabilities } from '../testing/bulk-routes.ts';
import { runExportSinceLast } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// A server whose tokens have other scopes than those that were requested, and that exports what the token covers and says nothing about the rest.

const declared = ['Patient', 'Goal', 'Condition'];
const scopesOf = (types: readonly string[]) => types.map((type) => `system/${type}.read`).join(' ');

let server: ScriptedServer;
let cases: UseCases;
/** The types of the scopes of each new token. */
let granted: readonly string[];
/** Kick-offs with others are refused, so that the token is renewed. */
let lastToken: string | undefined;
let version: number;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

const token: Handler = ({ count }) => {
  lastToken = `t${count}`;
  return { body: { access_token: lastToken, token_type: 'Bearer', expires_in: 3600, scope: scopesOf(granted) } };
};
const kickOff: Handler = ({ query, headers }) => {
  if (headers.authorization !== `Bearer ${lastToken}`) return { status: 401 };
  const named = (query.get('_type') ?? '').split(',').filter((type) => type !== '');
  const types = (named.length > 0 ? named : declared).filter((type) => granted.includes(type));
  return { status: 202, headers: { 'content-location': `/status/${version++}?types=${types.join()}` } };
};
const status: Handler = ({ query }) => {
  const types = (query.get('types') ?? '').split(',').filter((type) => type !== '');
  const transactionTime = new Date(Date.UTC(2024, 1, version)).toISOString();
  const output = types.map((type) => ({ type, url: `/files/${type}` }));
  return { body: { transactionTime, requiresAccessToken: true, output, deleted: [] } };
};
const file: Handler = ({ path }) => {
  const lastUpdated = new Date(Date.UTC(2024, 0, version)).toISOString();
  return `${JSON.stringify({ resourceType: path.split('/').at(-1), id: 'r1', meta: { lastUpdated } })}\n`;
};

async function start(types: readonly string[]): Promise<void> {
  [granted, version] = [types, 1];
  const routes = { '/metadata': capabilities(...declared), '*/$export': kickOff, '/status*': status, '/files*': file };
  server = await startScriptedServer({ ...bulkRoutes({}), ...routes, '/token': token });
  const auth = { ...simulatorAuth, scope: scopesOf(declared), tokenEndpoint: `${server.url}/token` };
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth } });
}

function grant(types: readonly string[]): void {
  [granted, lastToken] = [types, undefined];
}

const exportLast = (resourceTypes?: readonly string[]) => runExportSinceLast(cases, resourceTypes);

test('a type that was requested and is not covered by what a server grants instead has no watermark', async () => {
  await start(['Goal', 'Observation']);
  const ended = await exportLast(['Patient', 'Goal']);
  expect(ended.watermarkDecisions).toEqual([
    { resourceType: 'Patient', reasons: ['not-granted'] },
    { resourceType: 'Goal', reasons: [] },
  ]);
  expect(await cases.markedTypes()).toEqual(['Goal']);
  expect(ended.warnings.map(({ code }) => code)).toContain('types-withheld');
});

test('exports of every type by tokens with fewer scopes at each renewal lose nothing: everything is requested after the former scopes are back', async () => {
  await start(declared);
  await exportLast();
  for (const types of [['Patient', 'Goal'], ['Patient']]) {
    grant(types);
    const ended = await exportLast();
    expect([ended.isPartial, ended.warnings.map(({ code }) => code)]).toEqual([
      true,
      expect.arrayContaining(['types-not-covered']),
    ]);
  }
  grant(declared);
  // The kick-off had the time of the last export, because only its refusal has shown that the scopes have changed.
  const widened = await exportLast();
  expect(widened.watermarkDecisions).toContainEqual({ resourceType: '*', reasons: ['gap'] });
  expect((await exportLast()).request.since).toBeUndefined();
  for (const resourceType of declared) {
    const stored = await cases.deps.store.resources.read({
      connectionId: cases.connection.id,
      resourceType,
      resourceId: 'r1',
    });
    expect(stored?.lastUpdated).toEqual(new Date(Date.UTC(2024, 0, version)));
  }
});
