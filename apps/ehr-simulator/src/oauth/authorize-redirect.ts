import type { Simulator } from '../simulator.ts';
import { OAuthError } from './oauth-error.ts';

export interface AuthorizeRedirectInput {
  readonly simulator: Simulator;
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * Where an approved user's browser is sent: the simulator approves everything that is well formed.
 * @throws OAuthError where nothing may be redirected (unknown client or redirect URI, RFC 6749 4.1.2.1).
 */
export function authorizeRedirect({ simulator, query }: AuthorizeRedirectInput): string {
  const { options, tokens } = simulator;
  const redirectUri = String(query.redirect_uri ?? '');
  const allowed = options.redirectUris.length === 0 || options.redirectUris.includes(redirectUri);
  if (query.client_id !== options.clientId || !URL.canParse(redirectUri) || !allowed) {
    throw new OAuthError({ code: 'invalid_request', text: 'The client or its redirect URI is not known.' });
  }
  const target = new URL(redirectUri);
  const fault = faultOf(query);
  if (fault) target.searchParams.set('error', fault);
  else {
    const scope = String(query.scope);
    const patient = scope.includes('launch/patient') ? { patient: `a-${options.practiceId}.E-1` } : {};
    const codeChallenge = String(query.code_challenge);
    target.searchParams.set(
      'code',
      tokens.issueCode({ clientId: options.clientId, scope, redirectUri, codeChallenge, ...patient }),
    );
  }
  if (query.state !== undefined) target.searchParams.set('state', String(query.state));
  return target.href;
}

function faultOf(query: Readonly<Record<string, unknown>>): string | undefined {
  if (query.response_type !== 'code') return 'unsupported_response_type';
  if (!query.scope) return 'invalid_scope';
  return query.code_challenge && query.code_challenge_method === 'S256' ? undefined : 'invalid_request';
}
