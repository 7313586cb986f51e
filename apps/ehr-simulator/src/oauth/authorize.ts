import { OAuthError } from '@bulkhead/fhir/bulk-server';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';

interface AuthorizeRedirectInput {
  readonly simulator: Simulator;
  readonly query: Readonly<Record<string, unknown>>;
  /** The user's decision. Omitted if no user is asked. */
  readonly isDenied?: boolean;
}

/**
 * Returns the URL to which the user's browser is redirected. Every valid request is approved unless the user denies it.
 * @throws OAuthError if a redirect is not allowed (unknown client or redirect URI, RFC 6749 4.1.2.1).
 */
export function authorizeRedirect({ simulator, query, isDenied = false }: AuthorizeRedirectInput): string {
  const { options, tokens } = simulator;
  const redirectUri = String(query.redirect_uri ?? '');
  const allowed = options.redirectUris.length === 0 || options.redirectUris.includes(redirectUri);
  if (query.client_id !== options.clientId || !URL.canParse(redirectUri) || !allowed) {
    throw new OAuthError({ code: 'invalid_request', text: 'The client or its redirect URI is not known.' });
  }
  const target = new URL(redirectUri);
  const fault = authorizeFaultOf({ simulator, query }) ?? (isDenied ? 'access_denied' : undefined);
  if (fault) target.searchParams.set('error', fault);
  else {
    const scope = String(query.scope);
    // In the simulator the launch parameter is the id of the patient that the EHR shows.
    const chosen = query.launch === undefined ? `a-${options.practiceId}.E-1` : String(query.launch);
    const patient = /(^| )launch(\/patient)?( |$)/.test(scope) ? { patient: chosen } : {};
    const codeChallenge = String(query.code_challenge);
    target.searchParams.set(
      'code',
      tokens.issueCode({ clientId: options.clientId, scope, redirectUri, codeChallenge, ...patient }),
    );
  }
  // RFC 9207.
  target.searchParams.set('iss', simulator.issuer());
  if (query.state !== undefined) target.searchParams.set('state', String(query.state));
  return target.href;
}

/** @returns the error code of RFC 6749 4.1.2.1 for an invalid request */
export function authorizeFaultOf({ simulator, query }: AuthorizeRedirectInput): string | undefined {
  if (query.response_type !== 'code') return 'unsupported_response_type';
  if (!query.scope) return 'invalid_scope';
  // SMART App Launch 2.2: `aud` is the FHIR endpoint, so that a token never reaches a server that imitates it.
  if (query.aud !== simulator.fhirEndpoint()) return 'invalid_request';
  const isLaunch = String(query.scope).split(' ').includes('launch');
  if (isLaunch !== (query.launch !== undefined)) return 'invalid_request';
  return query.code_challenge && query.code_challenge_method === 'S256' ? undefined : 'invalid_request';
}

/**
 * The page on which a user logs in and allows or denies. Its form posts to the same URL. It contains no text of the
 * request.
 */
export function authorizePage(): Reply {
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Simulated athenahealth</title><link rel="icon" href="data:,"></head>
<body>
<h1>Simulated athenahealth</h1>
<p>An application asks to read the records of a patient.</p>
<form method="post">
<p><label>User <input name="user" autocomplete="off" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="off" required></label></p>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" formnovalidate>Deny</button>
</form>
</body>
</html>
`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, body: Buffer.from(html) };
}
