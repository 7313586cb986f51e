import { hashOf } from '@bulkhead/access';
import type { AuthorizationEndpoints } from '@bulkhead/providers';
import type { AuthorizationRequest } from '../../authorization-request.ts';

/** Where a browser is sent: SMART App Launch 2.2, "Request authorization code"; PKCE by S256 (RFC 7636). */
export function authorizationUrl(options: {
  readonly request: Pick<AuthorizationRequest, 'clientId' | 'redirectUri' | 'scope' | 'fhirEndpoint'>;
  readonly endpoints: AuthorizationEndpoints;
  readonly state: string;
  readonly verifier: string;
  /** What the EHR called its launch, in an EHR launch. */
  readonly launch: string | undefined;
}): string {
  const { request, endpoints, state, verifier, launch } = options;
  const url = new URL(endpoints.authorizationEndpoint);
  const parameters = {
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope,
    state,
    aud: request.fhirEndpoint,
    code_challenge: hashOf(verifier),
    code_challenge_method: 'S256',
    ...(launch === undefined ? {} : { launch }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
