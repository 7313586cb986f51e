import { expect, test } from '@jest/globals';
import { readEndpoints } from './read-endpoints.ts';

const bundle = (...entry: object[]) => ({ resourceType: 'Bundle', entry });
const endpoint = (fields: object) => ({ resourceType: 'Endpoint', address: 'https://a.example/fhir/', ...fields });
const rest = { code: 'hl7-fhir-rest' };

test('a bundle of brands has the names of an endpoint in the organizations that refer to it, and in their parts', () => {
  const brands = bundle(
    {
      fullUrl: 'https://list.example/Organization/brand',
      resource: {
        resourceType: 'Organization',
        id: 'brand',
        name: 'General Health',
        endpoint: [{ reference: 'https://list.example/Endpoint/one' }],
      },
    },
    {
      fullUrl: 'https://list.example/Organization/clinic',
      resource: {
        resourceType: 'Organization',
        id: 'clinic',
        name: 'Northside Clinic',
        partOf: { reference: 'https://list.example/Organization/brand' },
      },
    },
    { fullUrl: 'https://list.example/Endpoint/one', resource: endpoint({ id: 'one', connectionType: rest }) },
  );
  expect(readEndpoints([brands]).endpoints).toEqual([
    { url: 'https://a.example/fhir', names: ['General Health', 'Northside Clinic'] },
  ]);
});

test('a list of a vendor has the name in the Endpoint, or in the organization inside it', () => {
  const list = bundle(
    { resource: endpoint({ name: 'One', managingOrganization: { display: 'First' } }) },
    { resource: endpoint({ contained: [{ resourceType: 'Organization', name: 'Two' }] }) },
  );
  expect(readEndpoints([list]).endpoints).toEqual([{ url: 'https://a.example/fhir', names: ['One', 'First', 'Two'] }]);
});

const version = (valueCode: string) => ({
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version', valueCode }],
});

test.each([
  { fields: { connectionType: { code: 'direct-project' } }, reason: 'no FHIR endpoint' },
  { fields: { status: 'off' }, reason: 'not active' },
  { fields: version('1.0.2'), reason: 'not FHIR R4' },
  { fields: { address: 'not a URL' }, reason: 'no URL' },
  { fields: { address: 7 }, reason: 'no URL' },
  { fields: { address: 'http://a.example/fhir' }, reason: 'not https at the usual port' },
  { fields: { address: 'https://a.example:8443/fhir' }, reason: 'not https at the usual port' },
  { fields: { address: 'https://user:secret@a.example/fhir' }, reason: 'not https at the usual port' },
])('an endpoint is left out and counted: $reason', ({ fields, reason }) => {
  expect(readEndpoints([bundle({ resource: endpoint(fields) })])).toEqual({ endpoints: [], skipped: { [reason]: 1 } });
});

test.each([null, 'x', {}, { entry: 'x' }, { entry: [null, 7, {}] }, bundle({ resource: endpoint(version('4.0.1')) })])(
  'any JSON is read: %j',
  (content) => {
    expect(readEndpoints([content]).skipped).toEqual({});
  },
);
