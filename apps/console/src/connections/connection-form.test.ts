import { expect, test } from '@jest/globals';
import { emptyConnectionForm, toConnectionRequest } from './connection-form.ts';

const filled = {
  ...emptyConnectionForm,
  environment: 'production',
  practiceId: ' 195900 ',
  clientId: 'id',
  clientSecret: 'secret',
  privateKey: 'key',
};

test.each([
  { method: 'client_credentials', auth: { clientId: 'id', clientSecret: 'secret' } },
  { method: 'private_key_jwt', auth: { clientId: 'id', privateKey: 'key' } },
  { method: 'authorization_code', auth: { clientId: 'id', clientSecret: 'secret' } },
  { method: 'none', auth: {} },
] as const)('a request with $method contains only the fields of that method', ({ method, auth }) => {
  expect(toConnectionRequest({ provider: 'athenahealth', form: { ...filled, method } })).toEqual({
    provider: 'athenahealth',
    environment: 'production',
    practiceId: '195900',
    auth: { method, ...auth },
  });
});
