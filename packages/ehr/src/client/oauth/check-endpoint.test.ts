import { describe, expect, test } from '@jest/globals';
import { checkEndpoint } from './authorization-server.ts';

describe('hosts that a provider describes by a pattern #egress', () => {
  const endpointHosts = ['*.ehr.example'];
  const fhirEndpoint = 'https://a.ehr.example/fhir';
  const request = (tokenEndpoint?: string, others: object = {}) =>
    ({
      provider: {
        id: 'p',
        environments: { test: { fhirEndpoint: 'https://sandbox.example/fhir' } },
        endpointHosts,
        ...others,
      },
      connection: { fhirEndpoint, auth: { method: 'client_credentials', ...(tokenEndpoint ? { tokenEndpoint } : {}) } },
    }) as unknown as Parameters<typeof checkEndpoint>[0];

  test.each([
    { endpoint: 'https://a.ehr.example/token', isAllowed: true },
    { endpoint: 'https://sandbox.example/token', isAllowed: true },
    // Another hospital of the same vendor.
    { endpoint: 'https://b.ehr.example/token', isAllowed: false },
    { endpoint: 'http://a.ehr.example/token', isAllowed: false },
    { endpoint: 'https://a.ehr.example:8443/token', isAllowed: false },
    { endpoint: 'https://evil.example/token', isAllowed: false },
  ])('credentials go to $endpoint: $isAllowed', ({ endpoint, isAllowed }) => {
    const check = () => checkEndpoint(request(), endpoint);
    if (isAllowed) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'endpoint-not-allowed' }));
  });

  test('credentials go to a host of OAuth, and not to one of files, and the refusal names the setting', () => {
    const endpoint = 'https://tokens.example/token';
    expect(() => checkEndpoint(request(undefined, { oauthHosts: ['tokens.example'] }), endpoint)).not.toThrow();
    expect(() => checkEndpoint(request(undefined, { fileHosts: ['tokens.example'] }), endpoint)).toThrow(
      /tokens[.]example.*`oauthHosts`/,
    );
  });

  test('credentials go to the token endpoint that an operator has chosen', () => {
    const chosen = 'https://tokens.ehr.example/token';
    expect(() => checkEndpoint(request(chosen), chosen)).not.toThrow();
    expect(() => checkEndpoint(request('https://evil.example/t'), 'https://evil.example/t')).toThrow();
  });
});
