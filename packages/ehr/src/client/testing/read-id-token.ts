import type { EhrConnection } from '../../providers/index.ts';
import type { EhrHttp } from '../http/ehr-http.ts';
import { redeemCode, type TokenEndpointDeps, type TokenGrant, type TokenRequest } from '../oauth/token-request.ts';
import { createMemoryTokenStore } from './memory-token-store.ts';

const issuer = 'https://ehr.example';
const tokenEndpoint = `${issuer}/token`;
const clientId = 'client-1';
const connection: EhrConnection = {
  id: 'conn_1',
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint: `${issuer}/fhir/r4`,
  auth: { method: 'authorization_code', clientId, clientSecret: 'secret', scope: 'patient/*.read', tokenEndpoint },
};

/** Runs the production code for a token endpoint's answer with this ID token. It parses the JWT and verifies its claims. */
export function readIdToken(idToken: string): Promise<TokenGrant> {
  const body = JSON.stringify({ access_token: 'access', token_type: 'Bearer', id_token: idToken });
  const http: Pick<EhrHttp, 'callTokenEndpoint'> = {
    callTokenEndpoint: ({ call, onAnswer }) =>
      call(async () => {
        onAnswer?.({ status: 200, body: Buffer.from(body) });
        return new Response(body, { headers: { 'content-type': 'application/json' } });
      }),
  };
  const deps = {
    http,
    servers: { forget: () => undefined },
    signingKeys: {},
    tokenStore: createMemoryTokenStore(),
    observer: {},
  } as unknown as TokenEndpointDeps;
  const request = {
    connection,
    provider: { environments: {}, oauthHosts: ['ehr.example'] },
  } as unknown as TokenRequest;
  return redeemCode(deps, request, {
    code: 'code',
    issuer: undefined,
    verifier: 'v'.repeat(43),
    redirectUri: 'https://app.example/callback',
    endpoints: { issuer, tokenEndpoint, authorizationEndpoint: `${issuer}/authorize`, namesIssuer: false } as never,
  });
}

/** A JWT with valid claims, apart from the given ones. */
export function idTokenOf(claims: object, { alg = 'RS256', signature = 'c2ln' } = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: connection.fhirEndpoint, aud: clientId, sub: 'user', iat: now, exp: now + 300 };
  const [header, payload] = [{ alg }, { ...usual, ...claims }].map((part) => base64url(JSON.stringify(part)));
  return [header, payload, signature].join('.');
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
