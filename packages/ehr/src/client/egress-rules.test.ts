import { expect, test } from '@jest/globals';
import { createProviderRegistry, type Provider } from '../providers/index.ts';
import { egressRules } from './egress-rules.ts';

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
