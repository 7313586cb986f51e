import { expect, test } from '@jest/globals';
import { emptyApiKeyForm, toApiKeyRequest, withRole } from './api-key-form.ts';

test.each([
  { what: 'for every connection, with an end', form: {}, request: { role: 'client', expiresInDays: 90 } },
  {
    what: 'for some, without an end',
    form: { connectionIds: ['conn_1'], expiry: 'never' },
    request: { role: 'client', connectionIds: ['conn_1'] },
  },
  {
    what: 'of an operator, without the connections that were chosen before',
    form: { role: 'operator', connectionIds: ['conn_1'], expiry: '30' },
    request: { role: 'operator', expiresInDays: 30 },
  },
] as const)('a key $what', ({ form, request }) => {
  expect(toApiKeyRequest({ ...emptyApiKeyForm, ...form, name: ' reports ' })).toEqual({ name: 'reports', ...request });
});

test('a key that becomes an operator’s loses the expiry "never", which only a client’s key can have', () => {
  const form = { ...emptyApiKeyForm, expiry: 'never' };
  expect(withRole(form, 'operator')).toMatchObject({ role: 'operator', expiry: '365' });
  expect(withRole(form, 'client')).toMatchObject({ role: 'client', expiry: 'never' });
  expect(withRole(emptyApiKeyForm, 'operator')).toMatchObject({ expiry: '90' });
});
