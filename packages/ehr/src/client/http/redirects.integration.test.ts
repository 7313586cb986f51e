import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteExport } from '../bulk-data/export-status.ts';
import { kickOffExport } from '../bulk-data/kick-off.ts';
import { openFile } from '../bulk-data/open-file.ts';
import { createTestClient, type TestClient } from '../testing/create-test-client.ts';

const accepted = { status: 202, headers: { 'content-location': '/status' } };

let ehr: TestClient;
let server: ScriptedServer;
/** A service in the network of the operator, which an EHR must not reach. */
let other: ScriptedServer;
beforeEach(async () => {
  other = await startScriptedServer({ '*': accepted });
  server = await startScriptedServer();
  ehr = createTestClient(server.url, { provider: { privateNetwork: true } });
});
afterEach(async () => {
  ehr.close();
  await server.stop();
  await other.stop();
});

/** Redirects the first request, and answers the second one. */
function redirectTo(url: string, status = 307): void {
  server.answer({ '*': [{ status, headers: { location: url } }, accepted] });
}

const kickOff = (resourceTypes: readonly string[] = []) =>
  kickOffExport({ session: ehr.session, request: { exportType: 'System', resourceTypes } });

test.each([301, 302, 303, 307, 308])('a DELETE is never redirected, with status %d', async (status) => {
  for (const url of [`${other.url}/users/1`, `${server.url}/elsewhere`]) {
    redirectTo(url, status);
    const deletion = deleteExport({ session: ehr.session, statusUrl: `${server.url}/status` });
    await expect(deletion).rejects.toMatchObject({ code: 'ehr-redirects', retry: 'never' });
  }
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /status', 'DELETE /status']);
  expect(other.requests).toEqual([]);
});

test('a kick-off is redirected to the same origin only, because it starts something', async () => {
  redirectTo(`${server.url}/fhir/$export`);
  expect(await kickOff()).toMatchObject({ statusUrl: `${server.url}/status` });
  redirectTo(`${other.url}/start`);
  await expect(kickOff()).rejects.toMatchObject({ code: 'ehr-redirects' });
  expect(other.requests).toEqual([]);
});

test('a kick-off by POST is not redirected', async () => {
  const manyTypes = Array.from({ length: 200 }, (_, index) => `Type${index}WithALongName`);
  redirectTo(`${other.url}/start`);
  await expect(kickOff(manyTypes)).rejects.toMatchObject({ code: 'ehr-redirects' });
  expect(server.requests).toMatchObject([{ method: 'POST' }]);
  expect(other.requests).toEqual([]);
});

test('a download is redirected to another origin, such as an object store', async () => {
  redirectTo(`${other.url}/file`);
  const file = openFile({ session: ehr.session, url: `${server.url}/file`, requiresAccessToken: false });
  await expect(file).rejects.toMatchObject({ code: 'ehr-not-ready' });
  expect(other.requests).toMatchObject([{ method: 'GET', url: '/file' }]);
});
