import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLocalServer } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteExport } from '../bulk-data/export-status.ts';
import { kickOffExport } from '../bulk-data/kick-off.ts';
import { openFile } from '../bulk-data/open-file.ts';
import { type HandMadeEhr, startHandMadeEhr } from '../testing/start-hand-made-ehr.ts';

/** A service in the network of the operator, which an EHR must not reach. */
interface OtherService {
  readonly url: string;
  readonly requests: string[];
  readonly stop: () => Promise<unknown>;
}

let ehr: HandMadeEhr;
let other: OtherService;
beforeEach(async () => {
  const requests: string[] = [];
  const { url, stop } = await startLocalServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(202, { 'content-location': '/status' }).end();
  });
  other = { url, requests, stop };
  ehr = await startHandMadeEhr();
});
afterEach(async () => {
  await ehr.stop();
  await other.stop();
});

/** Redirects the first request, and answers the second one. */
function redirectTo(url: string, status = 307): void {
  let answered = 0;
  ehr.answer((_request, response) => {
    const isFirst = answered++ === 0;
    response.writeHead(isFirst ? status : 202, isFirst ? { location: url } : { 'content-location': '/status' }).end();
  });
}

const kickOff = (resourceTypes: readonly string[] = []) =>
  kickOffExport({ session: ehr.session, request: { exportType: 'System', resourceTypes } });

test.each([301, 302, 303, 307, 308])('a DELETE is never redirected, with status %d', async (status) => {
  for (const url of [`${other.url}/users/1`, ehr.url('/elsewhere')]) {
    redirectTo(url, status);
    const deletion = deleteExport({ session: ehr.session, statusUrl: ehr.url('/status') });
    await expect(deletion).rejects.toMatchObject({ code: 'ehr-redirects', retry: 'never' });
  }
  expect(ehr.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /status', 'DELETE /status']);
  expect(other.requests).toEqual([]);
});

test('a kick-off is redirected to the same origin only, because it starts something', async () => {
  redirectTo(ehr.url('/fhir/$export'));
  expect(await kickOff()).toMatchObject({ statusUrl: ehr.url('/status') });
  redirectTo(`${other.url}/start`);
  await expect(kickOff()).rejects.toMatchObject({ code: 'ehr-redirects' });
  expect(other.requests).toEqual([]);
});

test('a kick-off by POST is not redirected', async () => {
  const manyTypes = Array.from({ length: 200 }, (_, index) => `Type${index}WithALongName`);
  redirectTo(`${other.url}/start`);
  await expect(kickOff(manyTypes)).rejects.toMatchObject({ code: 'ehr-redirects' });
  expect(ehr.requests).toMatchObject([{ method: 'POST' }]);
  expect(other.requests).toEqual([]);
});

test('a download is redirected to another origin, such as an object store', async () => {
  redirectTo(`${other.url}/file`);
  const file = openFile({ session: ehr.session, url: ehr.url('/file'), requiresAccessToken: false });
  await expect(file).rejects.toMatchObject({ code: 'ehr-not-ready' });
  expect(other.requests).toEqual(['GET /file']);
});
