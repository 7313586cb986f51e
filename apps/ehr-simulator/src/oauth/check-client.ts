import type { Request } from 'express';
import { decodeProtectedHeader, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose';
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

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

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

/** SMART App Launch 2.2, "Client Authentication: Asymmetric". */
const algorithms = ['RS384', 'ES384'];
const longestSeconds = 300;

/**
 * Checks a `private_key_jwt` strictly.
 * @returns the client's id.
 * @throws OAuthError `invalid_client` with the reason.
 */
async function checkAssertion(simulator: Simulator, assertion: string): Promise<string> {
  const payload = await verify(simulator, assertion).catch((error: unknown) => {
    throw error instanceof OAuthError ? error : refused('its signature, audience or times are wrong');
  });
  const { iss, sub, jti, exp = 0 } = payload;
  const nowSeconds = simulator.clock.now() / 1000;
  if (iss !== simulator.options.clientId || sub !== iss) throw refused('iss and sub are not the client id');
  if (exp - nowSeconds > longestSeconds) throw refused('exp is more than five minutes away');
  if (!jti || !simulator.tokens.useAssertion({ jti, expiresAtMs: exp * 1000 })) throw refused('jti is missing or used');
  return iss;
}

async function verify(simulator: Simulator, assertion: string): Promise<JWTPayload> {
  const { alg = '', kid = '', typ, jku } = decodeProtectedHeader(assertion);
  if (!algorithms.includes(alg)) throw refused(`alg is neither of ${algorithms.join(', ')}`);
  if (typ !== 'JWT') throw refused('typ is not JWT');
  if (jku !== undefined && jku !== simulator.options.jwksUrl)
    throw refused('jku is not the registered URL of the keys');
  const jwk = await simulator.findClientKey(kid);
  if (!jwk) throw refused('kid is not among the keys of the client');
  const key = await importJWK(jwk as JWK, alg);
  const { payload } = await jwtVerify(assertion, key, {
    algorithms: [alg],
    audience: `${simulator.baseUrl()}/oauth2/v1/token`,
    requiredClaims: ['iss', 'sub', 'exp', 'jti'],
    currentDate: new Date(simulator.clock.now()),
  });
  return payload;
}

function refused(reason: string): OAuthError {
  return new OAuthError({ status: 401, code: 'invalid_client', text: `The client assertion was rejected: ${reason}.` });
}

/** An error of RFC 6749, section 5.2. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(options: { readonly status?: number; readonly code: string; readonly text: string }) {
    const { status = 400, code, text } = options;
    super(text);
    this.name = 'OAuthError';
    this.status = status;
    this.code = code;
  }
}
