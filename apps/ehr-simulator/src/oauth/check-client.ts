import type { Simulator } from '../simulator.ts';
import { checkAssertion } from './check-assertion.ts';
import type { ClientCredentials } from './client-credentials-of.ts';
import { OAuthError } from './oauth-error.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * By assertion or by secret; without either a client is a public one, which PKCE stands in for.
 * @returns the client's id.
 * @throws OAuthError `invalid_client`
 */
export async function checkClient(options: {
  readonly simulator: Simulator;
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly client: ClientCredentials | undefined;
}): Promise<string> {
  const { simulator, form, client } = options;
  const { client_assertion: assertion, client_assertion_type: type } = form;
  if (assertion !== undefined && type === assertionType) return checkAssertion({ simulator, assertion });
  const isPublic = client?.clientSecret === undefined && form.grant_type !== 'client_credentials';
  const isKnown =
    client?.clientId === simulator.options.clientId &&
    (isPublic || client.clientSecret === simulator.options.clientSecret);
  if (client && isKnown) return client.clientId;
  throw new OAuthError({ status: 401, code: 'invalid_client', text: 'Client authentication failed.' });
}
