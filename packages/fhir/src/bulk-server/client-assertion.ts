import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { OAuthError } from './oauth-error.ts';

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** SMART App Launch 2.2, "Client Authentication: Asymmetric". */
const assertionAlgorithms = ['RS384', 'ES384'];
const longestSeconds = 300;

/** What an authorization server knows of its clients. */
export interface AssertionRules {
  /** The URL of the token endpoint, as clients know it. */
  readonly audience: string;
  /** Finds a public key of a client, as a JWK. `jku` is what the assertion says, and must not be followed if it is not registered. */
  readonly findKey: (options: {
    readonly clientId: string;
    readonly kid: string;
    readonly jku: string | undefined;
  }) => Promise<object | undefined>;
  /** Records the id of an assertion, until it is accepted no longer. @returns false if the client has used it before */
  readonly use: (options: {
    readonly clientId: string;
    readonly jti: string;
    readonly expiresAtMs: number;
  }) => Promise<boolean> | boolean;
  readonly nowMs: number;
  /** By how much the clocks of client and server may differ. Default: 0. */
  readonly toleranceSeconds?: number;
}

/**
 * Checks a `private_key_jwt` strictly.
 * @returns the id of the client
 * @throws OAuthError `invalid_client` with the reason
 */
export async function verifyAssertion(assertion: string, rules: AssertionRules): Promise<string> {
  const { clientId, jti, expiresAtMs } = await readAssertion(assertion, rules).catch((error: unknown) => {
    throw error instanceof OAuthError || !isJoseError(error)
      ? error
      : refused('its signature, audience or times are wrong');
  });
  const toleranceMs = (rules.toleranceSeconds ?? 0) * 1000;
  if (expiresAtMs - rules.nowMs > longestSeconds * 1000 + toleranceMs)
    throw refused('exp is more than five minutes away');
  if (jti === '' || !(await rules.use({ clientId, jti, expiresAtMs: expiresAtMs + toleranceMs })))
    throw refused('jti is missing or used');
  return clientId;
}

async function readAssertion(assertion: string, { audience, findKey, nowMs, toleranceSeconds = 0 }: AssertionRules) {
  const { alg = '', kid = '', typ, jku } = decodeProtectedHeader(assertion);
  if (!assertionAlgorithms.includes(alg)) throw refused(`alg is neither of ${assertionAlgorithms.join(', ')}`);
  if (typ !== 'JWT') throw refused('typ is not JWT');
  const { iss: clientId = '', sub } = decodeJwt(assertion);
  if (clientId === '' || sub !== clientId) throw refused('iss and sub are not the client id');
  const jwk = await findKey({ clientId, kid, jku });
  if (!jwk) throw refused('kid is not among the keys of the client');
  const key = await importJWK(jwk as JWK, alg);
  const { payload } = await jwtVerify(assertion, key, {
    algorithms: [alg],
    audience,
    issuer: clientId,
    currentDate: new Date(nowMs),
    clockTolerance: toleranceSeconds,
    requiredClaims: ['iss', 'sub', 'exp', 'jti'],
  });
  const { jti, exp = 0 } = payload;
  return { clientId, jti: String(jti ?? ''), expiresAtMs: exp * 1000 };
}

/** The errors of `jose`, and those of a key or a text that cannot be read. */
function isJoseError(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return error instanceof TypeError || error instanceof DOMException || /^ERR_J/.test(String(code));
}

export function refused(reason: string): OAuthError {
  return new OAuthError({ status: 401, code: 'invalid_client', text: `The client assertion was rejected: ${reason}.` });
}
