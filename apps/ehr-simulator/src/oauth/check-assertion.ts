import { decodeProtectedHeader, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose';
import type { Simulator } from '../simulator.ts';
import { OAuthError } from './oauth-error.ts';

/** SMART App Launch 2.2, "Client Authentication: Asymmetric". */
const algorithms = ['RS384', 'ES384'];
const longestSeconds = 300;

/**
 * Checks a `private_key_jwt` to the letter. @returns the client's id.
 * @throws OAuthError `invalid_client` that says why.
 */
export async function checkAssertion(options: {
  readonly simulator: Simulator;
  readonly assertion: string;
}): Promise<string> {
  const { simulator } = options;
  const payload = await verify(options).catch((error: unknown) => {
    throw error instanceof OAuthError ? error : refused('its signature, audience or times are wrong');
  });
  const { iss, sub, jti, exp = 0 } = payload;
  const nowSeconds = simulator.clock.now() / 1000;
  if (iss !== simulator.options.clientId || sub !== iss) throw refused('iss and sub are not the client id');
  if (exp - nowSeconds > longestSeconds) throw refused('exp is more than five minutes away');
  if (!jti || !simulator.tokens.useAssertion({ jti, expiresAtMs: exp * 1000 })) throw refused('jti is missing or used');
  return iss;
}

async function verify(options: { readonly simulator: Simulator; readonly assertion: string }): Promise<JWTPayload> {
  const { simulator, assertion } = options;
  const { alg = '', kid = '', typ } = decodeProtectedHeader(assertion);
  if (!algorithms.includes(alg)) throw refused(`alg is neither of ${algorithms.join(', ')}`);
  if (typ !== 'JWT') throw refused('typ is not JWT');
  const jwk = await simulator.clientKeys.find(kid);
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
  return new OAuthError({ status: 401, code: 'invalid_client', text: `The client assertion is refused: ${reason}.` });
}
