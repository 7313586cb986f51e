import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startConnectProxy } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const clinic = {
  id: 'clinic',
  name: 'A clinic',
  defaultEnvironment: 'production',
  defaultScope: 'system/*.read',
  environments: { production: { fhirEndpoint: 'https://ehr.example/r4' } },
};

test('an EHR and a receiver of webhooks are requested through HTTPS_PROXY, except for the hosts of NO_PROXY', async () => {
  await using proxy = await startConnectProxy(403);
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-proxy-'));
  const providers = join(folder, 'providers.json');
  await writeFile(providers, JSON.stringify([clinic]));
  const env = { HTTPS_PROXY: proxy.url, NO_PROXY: 'localhost,exempt.example', BULKHEAD_PROVIDERS_FILE: providers };
  await using system = await startSystem({ hasWorker: true, simulator: { patients: 1 }, env });
  await rm(folder, { recursive: true });

  const draft = { provider: 'clinic', auth: { method: 'none' } };
  const { steps } = (await system.request('POST', '/api/ehr/connections/test', draft)).body.data;
  expect(steps.at(-1)).toMatchObject({ ok: false, message: expect.stringMatching(/ERR_PROXY_TUNNEL.*HTTPS_PROXY/) });

  const webhook = `/api/ehr/connections/${system.connectionId}/webhook`;
  await system.request('PUT', webhook, { url: 'https://receiver.example/hook' });
  await system.startExport({ resourceTypes: ['Patient'], callbackUrl: 'https://api.exempt.example/hook' });
  const calls = `/api/ehr/webhook-deliveries?connectionId=${system.connectionId}`;
  type Call = { readonly url: string; readonly attempts: readonly { readonly error: string }[] };
  const attempted = (list: readonly Call[]) => list.length === 2 && list.every(({ attempts }) => attempts.length > 0);
  const deliveries: Call[] = await system.until(calls, attempted);
  const errorOf = (host: string) => deliveries.find(({ url }) => url.includes(host))?.attempts[0]?.error;
  expect(errorOf('receiver.example')).toContain('ERR_PROXY_TUNNEL');
  expect(errorOf('exempt.example')).toMatch(/ENOTFOUND|EAI_AGAIN/);
  expect(new Set(proxy.requests.map(({ target }) => target))).toEqual(
    new Set(['ehr.example:443', 'receiver.example:443']),
  );
});
