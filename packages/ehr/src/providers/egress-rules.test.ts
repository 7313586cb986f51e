import { expect, test } from '@jest/globals';
import { egressFault, egressRules } from './egress-rules.ts';
import { createProviderRegistry, type Provider } from './index.ts';

const provider = {
  id: 'open-ehr',
  name: 'Open EHR',
  environments: { test: { fhirEndpoint: 'https://open.example/fhir' } },
  defaultEnvironment: 'test',
};

const rulesOf = (change: object) => {
  const changed = { ...provider, ...change };
  return egressRules(changed as Provider);
};
const at = (fhirEndpoint: string) => ({ environments: { test: { fhirEndpoint } } });

test('egressRules allows files of athenahealth at port 443 only #egress', () => {
  const { ports } = egressRules(createProviderRegistry({}).get('athenahealth'));
  expect(new Set(ports)).toEqual(new Set([443]));
});

test("egressRules allows the endpoint's own port and the ports that the registry lists #egress", () => {
  expect(rulesOf({ ...at('https://ehr.example:8443/fhir'), ports: [9443] }).ports).toEqual([443, 8443, 9443]);
});

test('egressRules allows any port on a private network, unless the registry lists some #egress', () => {
  expect(rulesOf(at('http://10.0.0.1:8080/fhir')).ports).toBeUndefined();
  expect(rulesOf({ ...at('http://10.0.0.1:8080/fhir'), ports: [9000] }).ports).toEqual([443, 8080, 9000]);
});

test('egressRules adds the hosts and ports of the origins that an operator allows #egress', () => {
  const listed = {
    fileHosts: ['files.example'],
    oauthHosts: ['tokens.example'],
    origins: ['https://other.example:8443'],
  };
  const rules = egressRules({ ...provider, ...listed }, { origins: ['https://own.example:9443'] });
  expect(rules).toMatchObject({
    hosts: ['files.example', 'tokens.example', 'open.example', 'other.example', 'own.example'],
    ports: [443, 443, 8443, 9443],
  });
});

test('the hosts of tokens leave files at any host #egress', () => {
  expect(rulesOf({ oauthHosts: ['tokens.example'] }).hosts).toBeUndefined();
});

test.each([
  { origin: 'https://files.example', hosts: ['files.example'], fault: undefined },
  { origin: 'https://a.files.example', hosts: ['*.files.example'], fault: undefined },
  { origin: 'https://other.example', fault: undefined },
  { origin: 'https://other.example', hosts: ['files.example'], fault: 'does not list' },
  { origin: 'http://files.example', fault: 'not https' },
  { origin: 'https://10.0.0.1', fault: 'private network' },
  { origin: 'https://169.254.169.254', fault: 'no EHR' },
])('egressFault of $origin with the hosts $hosts is $fault #egress', ({ origin, hosts, fault }) => {
  const found = egressFault(origin, { ...provider, ...(hosts ? { fileHosts: hosts } : {}) });
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});
