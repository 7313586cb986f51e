import { expect, test } from '@jest/globals';
import { emptyConnectionForm, missingFields, toConnectionRequest, unshownOf, withAuth } from './connection-form.ts';

const filled = {
  ...emptyConnectionForm,
  environment: 'production',
  practiceId: ' 195900 ',
  clientId: 'id',
  clientSecret: 'secret',
  privateKey: 'key',
  scopes: 'v2' as const,
};

test.each([
  { method: 'client_credentials', auth: { clientId: 'id', clientSecret: 'secret', scopeVersion: 'v2' } },
  { method: 'private_key_jwt', auth: { clientId: 'id', privateKey: 'key', scopeVersion: 'v2' } },
  { method: 'authorization_code', auth: { clientId: 'id', clientSecret: 'secret' } },
  { method: 'none', auth: {} },
] as const)('a request with $method contains only the fields of that method', ({ method, auth }) => {
  expect(toConnectionRequest('athenahealth', { ...filled, method })).toEqual({
    provider: 'athenahealth',
    environment: 'production',
    practiceId: '195900',
    auth: { method, ...auth },
  });
});

test('a request has the listed scopes if the user chose to list them', () => {
  const form = { ...filled, scopes: 'own' as const, scope: ' system/Patient.rs ' };
  const auth = { method: 'client_credentials', clientId: 'id', clientSecret: 'secret', scope: 'system/Patient.rs' };
  expect(toConnectionRequest('athenahealth', form)).toMatchObject({ auth });
});

test('a request has the name, and `force` only if the user has confirmed a second connection', () => {
  const form = { ...filled, name: ' Lakeside ', force: true };
  expect(toConnectionRequest('athenahealth', form)).toMatchObject({ name: 'Lakeside', force: true });
});

const own = { hasClient: false, usesPracticeId: true };
test.each([
  { method: 'client_credentials', needs: own, fields: ['practiceId', 'clientId', 'clientSecret', 'scopes'] },
  { method: 'private_key_jwt', needs: own, fields: ['practiceId', 'clientId', 'scopes'] },
  { method: 'authorization_code', needs: own, fields: ['clientId'] },
  { method: 'none', needs: own, fields: ['practiceId'] },
  { method: 'client_credentials', needs: { hasClient: true, usesPracticeId: false }, fields: ['scopes'] },
] as const)('an empty form with $method lacks $fields', ({ method, needs, fields }) => {
  expect(Object.keys(missingFields({ ...emptyConnectionForm, method }, needs))).toEqual(fields);
});

test.each([
  { clientId: 'foreign', kept: undefined, fields: ['clientSecret'] },
  { clientId: 'foreign', kept: 'present', fields: ['clientSecret'] },
  { clientId: 'present', kept: 'present', fields: [] },
  { clientId: '', kept: 'present', fields: [] },
])('the client "$clientId" needs $fields where the secret of $kept is stored', ({ clientId, kept, fields }) => {
  const needs = { hasClient: true, usesPracticeId: false, keptClientId: kept };
  expect(Object.keys(missingFields({ ...emptyConnectionForm, scopes: 'v2', clientId }, needs))).toEqual(fields);
});

test('a group replaces the practice', () => {
  expect(
    missingFields({ ...emptyConnectionForm, groupId: 'g', scopes: 'v2' }, { hasClient: true, usesPracticeId: true }),
  ).toEqual({});
});

test('new credentials keep the token endpoint and the algorithm of the same method, unless a new key has its own', () => {
  const auth = {
    method: 'private_key_jwt' as const,
    clientId: 'id',
    scope: 's',
    tokenEndpoint: 'https://t',
    alg: 'ES384' as const,
  };
  expect(unshownOf(auth, { method: 'private_key_jwt', privateKey: '' })).toEqual({
    tokenEndpoint: 'https://t',
    alg: 'ES384',
  });
  expect(unshownOf(auth, { method: 'private_key_jwt', privateKey: 'key' })).toEqual({ tokenEndpoint: 'https://t' });
  expect(unshownOf(auth, { method: 'client_credentials', privateKey: '' })).toEqual({});
});

test('new credentials are tested with the place of the saved connection', () => {
  const connection = {
    id: 'conn_1',
    name: 'Lakeside',
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint: 'https://ehr.example',
    practiceId: '1',
    auth: { method: 'none' as const },
    createdAt: '',
  };
  const auth = { method: 'private_key_jwt' as const, clientId: 'id' };
  expect(withAuth(connection, auth)).toEqual({
    connectionId: 'conn_1',
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint: 'https://ehr.example',
    practiceId: '1',
    auth,
  });
});
