import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeSelfSigned, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { resourceRequest, startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
let server: ScriptedServer;
const certificate = makeSelfSigned();

beforeEach(async () => {
  ehr = await startEhr();
  const headers = { 'content-type': 'application/fhir+json' };
  const patient = { headers, body: { resourceType: 'Patient', id: '1' } };
  server = await startScriptedServer({ '/Patient/1': patient }, { tls: certificate });
});
afterEach(async () => {
  await server.stop();
  await ehr.stop();
});

const read = () =>
  ehr.session.send(resourceRequest(`${server.url}/Patient/1`, { priority: 'interactive', sendToken: false }));

test('an EHR whose certificate is not trusted receives no request', async () => {
  await expect(read()).rejects.toMatchObject({
    code: 'ehr-unreachable',
    message: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    context: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  expect(server.requests).toEqual([]);

  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, certificate.cert]);
  try {
    expect(await read()).toMatchObject({ status: 200 });
  } finally {
    setDefaultCACertificates(trusted);
  }
});
