import { expect, test } from '@jest/globals';
import { emptyClientForm, faultsOf, toClientRequest } from './client-form.ts';

const jwksUrl = 'https://warehouse.example/jwks.json';
const jwks = { keys: [{ kty: 'EC', crv: 'P-384', kid: 'k1', x: 'x1', y: 'y1' }] };

test.each([
  {
    what: 'with the URL of its keys, for all connections',
    form: { jwksUrl: ` ${jwksUrl} `, jwks: '{"keys":[]}' },
    request: { scope: 'system/*.read', jwksUrl },
  },
  {
    what: 'with pasted keys and other scopes, for some connections',
    form: {
      keysFrom: 'text',
      jwks: JSON.stringify(jwks),
      jwksUrl,
      scope: ' system/Patient.rs ',
      connectionIds: ['conn_1'],
    },
    request: { scope: 'system/Patient.rs', connectionIds: ['conn_1'], jwks },
  },
] as const)('the form requests a client $what', ({ form, request }) => {
  const values = { ...emptyClientForm, ...form, name: ' warehouse ' };
  expect(faultsOf(values)).toEqual({});
  expect(toClientRequest(values)).toEqual({ name: 'warehouse', ...request });
});

test.each([
  { form: { jwksUrl }, fields: ['name'] },
  { form: { name: 'warehouse', scope: ' ', jwksUrl }, fields: ['scope'] },
  { form: { name: 'warehouse' }, fields: ['jwksUrl'] },
  { form: { name: 'warehouse', jwksUrl: 'nowhere' }, fields: ['jwksUrl'] },
  { form: { name: 'warehouse', keysFrom: 'text', jwksUrl }, fields: ['jwks'] },
  { form: { name: 'warehouse', keysFrom: 'text', jwks: '-----BEGIN PUBLIC KEY-----' }, fields: ['jwks'] },
  { form: { name: 'warehouse', keysFrom: 'text', jwks: JSON.stringify(jwks.keys[0]) }, fields: ['jwks'] },
  { form: { name: 'warehouse', keysFrom: 'text', jwks: 'null' }, fields: ['jwks'] },
] as const)('the form with the values $form shows a fault at $fields', ({ form, fields }) => {
  expect(Object.keys(faultsOf({ ...emptyClientForm, ...form }))).toEqual(fields);
});
