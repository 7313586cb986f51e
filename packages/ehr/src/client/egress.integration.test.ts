import { createEgressGuard } from '@bulkhead/base/egress';
import { afterEach, describe, expect, test } from '@jest/globals';
import { egressRules } from '../providers/index.ts';
import { resourceRequest, startEhr, type TestEhr } from './testing/start-ehr.ts';

test('a request to the endpoint is sent if the endpoint is an IPv6 address and the provider lists its other hosts', () => {
  const environments = { test: { fhirEndpoint: 'http://[fd12::1]:8080/fhir' } };
  const provider = { id: 'p', name: 'P', environments, defaultEnvironment: 'test', fileHosts: ['files.example.org'] };
  const rules = egressRules(provider);
  const guard = createEgressGuard();
  expect(guard.check({ url: 'http://[fd12::1]:8080/fhir/metadata', rules })).toBeDefined();
  expect(() => guard.check({ url: 'http://[fd12::2]:8080/fhir/metadata', rules })).toThrow();
  guard.close();
});

describe('a provider #egress', () => {
  let ehr: TestEhr;
  afterEach(() => ehr.stop());
  const get = (url: string) => ehr.session.send(resourceRequest(url, { sendToken: false }));

  test('a provider on a private network cannot redirect to the metadata service of the cloud', async () => {
    ehr = await startEhr();
    const to = 'http://169.254.169.254/latest/meta-data/';
    await ehr.inject('metadata', { kind: 'redirect', to });
    await expect(get(`${ehr.simulator.fhirEndpoint}/metadata`)).rejects.toMatchObject({ code: 'egress-refused' });
  });

  test('a provider on the public network cannot name a private address, not even as a token endpoint', async () => {
    ehr = await startEhr({ provider: { privateNetwork: false } });
    await expect(get(`${ehr.simulator.fhirEndpoint}/metadata`)).rejects.toMatchObject({ code: 'egress-refused' });
    const auth = {
      method: 'client_credentials' as const,
      clientId: 'simulator-client',
      clientSecret: 'simulator-secret',
      scope: 'system/*.read',
      tokenEndpoint: `${ehr.simulator.baseUrl}/oauth2/v1/token`,
    };
    const request = resourceRequest(`${ehr.simulator.fhirEndpoint}/metadata`);
    await expect(ehr.sessionOf({ auth }).send(request)).rejects.toMatchObject({ code: 'egress-refused' });
    expect(await ehr.tokenCount()).toBe(0);
  });
});
