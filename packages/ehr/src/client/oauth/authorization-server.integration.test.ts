import { afterEach, expect, test } from '@jest/globals';
import { startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
afterEach(() => ehr.stop());

const missing = { kind: 'status', status: 404, body: 'Not Found', contentType: 'text/plain' };
const read = () => ehr.readPatient();
const order = (path: string, fault: object) => ehr.inject(path, fault, { times: 'always' });
const requestCount = async (path: RegExp) => (await ehr.requests(path)).length;

test('a token endpoint is found by .well-known/smart-configuration without reading the CapabilityStatement', async () => {
  ehr = await startEhr();
  expect((await read()).status).toBe(200);
  expect([await requestCount(/smart-configuration/), await requestCount(/metadata/)]).toEqual([1, 0]);
});

test.each([
  { what: 'is missing', fault: missing },
  { what: 'is a web page', fault: { kind: 'status', status: 200, body: '<html>', contentType: 'text/html' } },
  { what: 'names no token endpoint', fault: { kind: 'edit-document', set: { token_endpoint: null } } },
])('a token endpoint is found in the CapabilityStatement if the smart-configuration $what', async ({ fault }) => {
  ehr = await startEhr();
  await order('smart-configuration', fault);
  expect((await read()).status).toBe(200);
  expect(await requestCount(/metadata/)).toBe(1);
});

test('a token endpoint is read from the registry if the server names none', async () => {
  ehr = await startEhr();
  const { fhirEndpoint, baseUrl } = ehr.simulator;
  await ehr.stop();
  const port = Number(new URL(baseUrl).port);
  const environments = { test: { fhirEndpoint, tokenEndpoint: `${baseUrl}/oauth2/v1/token` } };
  ehr = await startEhr({ simulator: { port }, provider: { environments } });
  await order('smart-configuration', missing);
  await order('metadata', { kind: 'edit-document', set: { rest: null } });
  expect((await read()).status).toBe(200);
});

test('a token endpoint is not searched elsewhere while the server is down', async () => {
  ehr = await startEhr();
  await order('smart-configuration', { kind: 'status', status: 503 });
  await expect(read()).rejects.toMatchObject({ code: 'ehr-unavailable', retry: 'later' });
  expect(await requestCount(/metadata/)).toBe(0);
});

test.each([
  { what: 'smart-configuration', set: { token_endpoint: 'https://tokens.example/token' } },
  { what: 'smart-configuration', set: { authorization_endpoint: 'https://tokens.example/authorize' } },
  { what: 'smart-configuration', set: { revocation_endpoint: 'https://tokens.example/revoke' } },
])('an endpoint at a host that is not in the registry gets no credentials: $set', async ({ what, set }) => {
  ehr = await startEhr();
  await order(what, { kind: 'edit-document', set });
  const error = await read().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'endpoint-not-allowed', context: { host: 'tokens.example' } });
  expect(await requestCount(/oauth2/)).toBe(0);
});

test('a token endpoint at another host of the registry is requested', async () => {
  ehr = await startEhr({ provider: { oauthHosts: ['*.localhost'] } });
  const token_endpoint = `${ehr.simulator.baseUrl.replace('127.0.0.1', 'tokens.localhost')}/oauth2/v1/token`;
  await order('smart-configuration', { kind: 'edit-document', set: { token_endpoint } });
  // The endpoint is allowed, so it is requested. Whether its name resolves depends on the machine.
  const outcome = await read().then(
    ({ status }) => status,
    (error: { code: string }) => error.code,
  );
  expect([200, 'token-unavailable']).toContain(outcome);
});

test('a failed discovery is kept for some seconds, and a test of the connection reads it again', async () => {
  ehr = await startEhr();
  await ehr.inject('smart-configuration', {
    kind: 'edit-document',
    set: { token_endpoint: 'https://tokens.example/token' },
  });
  await expect(read()).rejects.toMatchObject({ code: 'endpoint-not-allowed' });
  await expect(read()).rejects.toMatchObject({ code: 'endpoint-not-allowed' });
  expect(await requestCount(/smart-configuration/)).toBe(1);
  await ehr.session.discover(new AbortController().signal);
  expect((await read()).status).toBe(200);
  expect(await requestCount(/smart-configuration/)).toBe(2);
});
