import { expect, test } from '@jest/globals';
import type { ConnectionWithoutSecrets } from './connection.record.ts';
import { makeConnection } from './testing/make-connection.ts';

test('the compiler refuses a connection with secrets where one without them is expected', () => {
  const show = ({ auth }: ConnectionWithoutSecrets) => auth.method;
  const connection = makeConnection();
  const { clientSecret: _, ...auth } = {
    method: 'client_credentials',
    clientId: 'c',
    clientSecret: 's',
    scope: '',
  } as const;
  expect(show({ ...connection, auth })).toBe('client_credentials');
  // @ts-expect-error: `auth` has a client secret
  expect(show({ ...connection, auth: { ...auth, clientSecret: 's' } })).toBe('client_credentials');
  // @ts-expect-error: `auth` may have one
  expect(show(connection)).toBe(connection.auth.method);
});
