import { assertionType, OAuthError, refused, verifyAssertion } from '@bulkhead/fhir/bulk-server';
import type { Request } from 'express';
import type { Simulator } from '../simulator.ts';

/** The fields of a request's form. */
export function formOf(req: Request): Readonly<Record<string, string | undefined>> {
  return req.body ?? {};
}

interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/**
 * Reads client_secret_basic (both parts form-encoded, RFC 6749 2.3.1) or client_secret_post. A public client sends only
 * its id.
 */
function clientCredentialsOf(req: Request): ClientCredentials | undefined {
  const basic = /^Basic (.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  if (basic !== undefined) return fromBasic(basic);
  const { client_id: clientId, client_secret: clientSecret } = formOf(req);
  return clientId === undefined ? undefined : { clientId, clientSecret };
}

function fromBasic(encoded: string): ClientCredentials | undefined {
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  try {
    return { clientId: formDecode(text.slice(0, colon)), clientSecret: formDecode(text.slice(colon + 1)) };
  } catch {
    // Not form-encoded, so the credentials are unknown.
    return undefined;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/**
 * Authenticates the client by assertion or by secret. A client without either is a public one and relies on PKCE.
 * @returns the client's id.
 * @throws OAuthError `invalid_client`
 */
export async function checkClient(simulator: Simulator, req: Request): Promise<string> {
  const form = formOf(req);
  const { client_assertion: assertion, client_assertion_type: type } = form;
  if (assertion !== undefined && type === assertionType) return checkAssertion(simulator, assertion);
  const client = clientCredentialsOf(req);
  const isPublic = client?.clientSecret === undefined && form.grant_type !== 'client_credentials';
  const isKnown =
    client?.clientId === simulator.options.clientId &&
    (isPublic || client.clientSecret === simulator.options.clientSecret);
  if (client && isKnown) return client.clientId;
  throw new OAuthError({ status: 401, code: 'invalid_client', text: 'Client authentication failed.' });
}

/** @throws OAuthError `invalid_client` with the reason. */
function checkAssertion(
  { options, clock, tokens, findClientKey, issuer }: Simulator,
  assertion: string,
): Promise<string> {
  return verifyAssertion(assertion, {
    audience: `${issuer()}/token`,
    nowMs: clock.now(),
    findKey({ clientId, kid, jku }) {
      if (clientId !== options.clientId) throw refused('iss and sub are not the client id');
      if (jku !== undefined && jku !== options.jwksUrl) throw refused('jku is not the registered URL of the keys');
      return findClientKey(kid);
    },
    use: ({ jti, expiresAtMs }) => tokens.useAssertion({ jti, expiresAtMs }),
  });
}
