import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { toResourceDocument } from '@bulkhead/records';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logIn } from '../testing/log-in.ts';
import { startApi } from '../testing/start-api.ts';

const count = 60;
const source = { exportId: 'job_1', fileId: 'job_1.1', line: 1 };
/** More than the sockets of both sides buffer. */
const note = 'x'.repeat(500_000);

const api = await startApi();
let connectionId: string;
beforeAll(async () => {
  connectionId = await api.createConnection();
  await plant(connectionId);
});
afterAll(() => api.stop());

async function plant(id: string): Promise<void> {
  await api.store.prepareResourceTypes(['Media']);
  const now = new Date();
  const context = { connectionId: id, source, observedAt: now, now };
  for (let index = 0; index < count; index++) {
    const resource = { resourceType: 'Media', id: `m${index}`, note };
    const json = Buffer.from(resource.id);
    await api.store.resourceWriter.write('Media', [
      toResourceDocument({ resource, json, hasExactNumbers: false, context }),
    ]);
  }
}

/** Begins a download. */
async function download(headers: Record<string, string>, id = connectionId, file?: string) {
  const url = file ?? `${api.baseUrl}/api/ehr/athenahealth/resources/Media?connectionId=${id}`;
  const sent = httpRequest(url, { headers: { accept: 'application/fhir+ndjson', ...headers } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return {
    /** Reads to the end, so slowly that a check falls into it. @returns whether the download was cut */
    async wasCut(pauseMs = 100): Promise<boolean> {
      let bytes = 0;
      try {
        for await (const chunk of response) {
          bytes += chunk.length;
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      } catch {
        return bytes < count * note.length;
      }
      return false;
    },
  };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const keyNamed = async (name: string) => (await api.store.apiKeys.list()).find((key) => key.name === name)?.id ?? '';

test('a download is cut when its key is revoked, and that of another key is not', async () => {
  const key = await api.store.apiKeys.create({ name: 'revoked', role: 'client', now: new Date() });
  const [running, other] = [await download(bearer(key)), await download(bearer(api.clientKey))];
  await api.store.apiKeys.revoke({ id: await keyNamed('revoked'), now: new Date() });
  expect(await running.wasCut()).toBe(true);
  expect(await other.wasCut(0)).toBe(false);
});

test('a download is cut when the session of its browser ends', async () => {
  const cookie = await logIn(api, api.operatorKey);
  const running = await download({ cookie, 'sec-fetch-site': 'same-origin' });
  const { body } = await api.request('GET', '/api/ehr/sessions');
  for (const { id } of body.data) await api.request('DELETE', `/api/ehr/sessions/${id}`);
  expect(await running.wasCut()).toBe(true);
});

test('a download is cut, and its token refused, when the secret of its client is deleted', async () => {
  const { body } = await api.request('POST', '/api/ehr/clients', {
    body: { name: 'Reader', scope: 'system/*.read', usesSecret: true },
  });
  const { id } = body.data;
  const secrets = `/api/ehr/clients/${id}/secrets`;
  const { secret, id: secretId } = (await api.request('POST', secrets)).body.data;
  const form = { grant_type: 'client_credentials', scope: 'system/*.read', client_id: id, client_secret: secret };
  const issued = await api.request('POST', '/api/ehr/oauth/token', {
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    authorization: null,
  });
  const token = bearer(issued.body.access_token);
  const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
  const kickOff = { ...token, headers: { prefer: 'respond-async' }, accept: 'application/fhir+json' };
  const started = await api.request('GET', `${base}/$export?_type=Media`, kickOff);
  const status = new URL(started.headers.get('content-location') ?? '').pathname;
  const { output } = (await api.request('GET', status, token)).body;
  const running = await download(token, connectionId, output[0].url);
  expect((await api.request('DELETE', `${secrets}/${secretId}`)).status).toBe(200);
  expect(await running.wasCut()).toBe(true);
  expect((await api.request('GET', status, token)).status).toBe(401);
});

test('a download is cut when its connection is erased', async () => {
  const id = await api.createConnection();
  await plant(id);
  const running = await download(bearer(api.clientKey), id);
  expect((await api.request('DELETE', `/api/ehr/connections/${id}?data=purge`)).status).toBe(202);
  expect(await running.wasCut()).toBe(true);
});
