import { existsSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ageChanges, makeDocument } from '@bulkhead/resources/testing';
import { startLocalServer } from '@bulkhead/testing';
import { bdtFolder, runBdt } from '@bulkhead/testing/run-bdt';
import { expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import { startApi } from '../../testing/start-api.ts';

/**
 * SMART App Launch 2.2, "Backend Services": "the authentication server SHALL check that the `jti` value has not been previously
 * encountered for the given `iss` within the maximum allowed authentication JWT lifetime (e.g., 5 minutes). This check prevents replay
 * attacks." Each of these tests sends one assertion several times and expects an answer about its scopes.
 */
const repeatedAssertion = 'sends an assertion again, which a server shall refuse as a replay';

/**
 * FHIR Bulk Data 2.0.0, "Response - Complete Status": "HTTP Status Code of `200 OK`". The test expects 202 at the first request. The files of
 * these exports need no preparation, so they are complete at once.
 */
const completeAtOnce = 'expects that an export is still in progress when it is asked for the first time';

/** Tests that the API fails on purpose, by their path, with the reason. */
const disputed: Readonly<Record<string, string>> = {
  '0.3.15': repeatedAssertion,
  '0.3.16': repeatedAssertion,
  '0.3.25': repeatedAssertion,
  '4.0': completeAtOnce,
};

const ofVersion1 = 'is for servers of version 1.0 only, and the API declares 2.0.0';

/** Tests that the suite leaves out, by their path, with the reason. */
const notRun: Readonly<Record<string, string>> = {
  '2.0.1.22': ofVersion1,
  '2.1.1.22': ofVersion1,
  '2.2.1.22': ofVersion1,
  '4.3': 'needs a parameter that the server does not support, and the API supports all that it tries',
};

const run = existsSync(bdtFolder) ? test : test.skip;

run(
  existsSync(bdtFolder)
    ? 'the API passes a published test suite for bulk data servers, apart from tests that contradict the specification'
    : 'the API passes a published test suite for bulk data servers: skipped, because ../shared/judges/bdt is missing',
  async () => {
    await using api = await startApi({ env: { API_CLIENT_KEYS_PRIVATE_NETWORK: 'true' } });
    const connectionId = await api.createConnection();
    const types = ['Patient', 'Observation', 'DocumentReference'];
    await api.store.prepareResourceTypes(types);
    const subject = { reference: 'Patient/p1' };
    const note = { contentType: 'text/plain', data: Buffer.from('A note.').toString('base64') };
    for (const resource of [
      ...['p1', 'p2', 'p3'].map((id) => ({ resourceType: 'Patient', id, active: true })),
      { resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'Weight' }, subject },
      { resourceType: 'DocumentReference', id: 'd1', status: 'current', subject, content: [{ attachment: note }] },
    ])
      await api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId })]);
    await ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: types });

    const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
    const key = { kid: 'bdt', alg: 'ES384' };
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...key, key_ops: ['verify'] }] });
    const jwks = await startLocalServer((_request, response) => void response.end(keys));
    const jwksUrl = `${jwks.url}/jwks.json`;
    const client = await api.request('POST', '/api/ehr/clients', { body: { name: 'bdt', jwksUrl } });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-bdt-'));
    try {
      const results = await runBdt({
        workFolder: folder.path,
        fhirEndpoint: `${api.baseUrl}/api/ehr/athenahealth/fhir/${connectionId}`,
        groupId: connectionId,
        tokenEndpoint: `${api.baseUrl}/api/ehr/oauth/token`,
        clientId: client.body.data.id,
        privateKey: { ...(await exportJWK(privateKey)), ...key, key_ops: ['sign'] },
        jwksUrl,
      });
      const other = results.filter(({ status }) => status !== 'succeeded');
      const paths = (isFailed: boolean) =>
        other.filter(({ status }) => (status === 'failed') === isFailed).map(({ path }) => path);
      expect({ failed: paths(true), notRun: paths(false) }).toEqual({
        failed: Object.keys(disputed),
        notRun: Object.keys(notRun),
      });
      expect(results).toHaveLength(165);
    } finally {
      await jwks.stop();
    }
  },
  300_000,
);
