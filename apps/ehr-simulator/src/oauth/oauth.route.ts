import { createHash } from 'node:crypto';
import { OAuthError } from '@bulkhead/fhir/bulk-server';
import { type Request, Router, urlencoded } from 'express';
import { endpoint, type Handle, type HandleInput } from '../endpoint.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';
import { authorizeFaultOf, authorizePage, authorizeRedirect } from './authorize.ts';
import { checkClient, formOf } from './check-client.ts';
import type { Grant } from './issued-tokens.ts';
import { systemScope } from './system-scope.ts';

/** `/oauth2/v1/authorize`, `/token` and `/revoke`. */
export function oauthRoute(simulator: Simulator): Router {
  const router = Router();
  const form = urlencoded({ extended: false });
  const handled = (handle: Handle) => endpoint({ simulator, auth: 'none', handle: orOAuthError(handle) });
  router.get(
    '/oauth2/v1/authorize',
    handled(({ req: { query } }) => {
      const location = authorizeRedirect({ simulator, query });
      const isAsked = simulator.options.asksUser && !authorizeFaultOf({ simulator, query });
      return isAsked ? authorizePage() : { status: 302, headers: { location } };
    }),
  );
  // The decision that the user made on the page.
  router.post(
    '/oauth2/v1/authorize',
    form,
    handled(({ req: { query, body } }) => {
      const location = authorizeRedirect({ simulator, query, isDenied: body?.decision !== 'allow' });
      return { status: 303, headers: { location } };
    }),
  );
  router.post('/oauth2/v1/token', form, handled(token));
  router.post(
    '/oauth2/v1/revoke',
    form,
    handled(async ({ req }) => {
      await checkClient(simulator, req);
      // RFC 7009: an unknown token is answered like a known one.
      simulator.tokens.revoke(String(req.body?.token ?? ''));
      return { status: 200, headers: {} };
    }),
  );
  return router;
}

async function token({ simulator, req }: HandleInput): Promise<Reply> {
  const waitSeconds = simulator.tokens.spendMinute();
  if (waitSeconds > 0) {
    const document = { error: 'temporarily_unavailable', error_description: 'Too many tokens this minute.' };
    return { status: 429, headers: { 'retry-after': String(waitSeconds) }, document };
  }
  const document = await grantToken(simulator, req);
  return { status: 200, headers: { 'cache-control': 'no-store' }, document };
}

function orOAuthError(handle: Handle): Handle {
  return async (input) => {
    try {
      return await handle(input);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const challenge = error.status === 401 ? { 'www-authenticate': 'Basic realm="simulator"' } : {};
      const document = { error: error.code, error_description: error.message };
      return { status: error.status, headers: { 'cache-control': 'no-store', ...challenge }, document };
    }
  };
}

/**
 * Answers the token endpoint for each of the three grants.
 * @throws OAuthError
 */
async function grantToken(simulator: Simulator, req: Request): Promise<Record<string, unknown>> {
  const clientId = await checkClient(simulator, req);
  const form = formOf(req);
  switch (form.grant_type) {
    case 'client_credentials':
      return tokenResponse(simulator, {
        grant: { clientId, scope: scopeOf(simulator, form.scope) },
        withRefresh: false,
      });
    case 'authorization_code':
      return tokenResponse(simulator, { grant: redeemCode({ simulator, form, clientId }), withRefresh: true });
    case 'refresh_token':
      return tokenResponse(simulator, { grant: redeemRefresh({ simulator, form, clientId }), withRefresh: true });
    default:
      throw new OAuthError({ code: 'unsupported_grant_type', text: 'The grant type is not supported.' });
  }
}

/** @throws OAuthError */
function scopeOf({ options }: Simulator, requested: string | undefined): string {
  if (!options.refusesScope) return systemScope(requested, options);
  if (requested === undefined) return 'system/*.rs';
  throw new OAuthError({ code: 'invalid_scope', text: 'The scopes of the application are those of its registration.' });
}

interface RedeemInput {
  readonly simulator: Simulator;
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly clientId: string;
}

function redeemCode({ simulator, form, clientId }: RedeemInput): Grant {
  const code = simulator.tokens.takeCode(form.code ?? '');
  const challenge = createHash('sha256')
    .update(form.code_verifier ?? '')
    .digest('base64url');
  const good =
    code?.clientId === clientId && code.redirectUri === form.redirect_uri && code.codeChallenge === challenge;
  if (code && good) return { clientId, scope: code.scope, ...(code.patient ? { patient: code.patient } : {}) };
  throw new OAuthError({ code: 'invalid_grant', text: 'The code is wrong, used or expired.' });
}

function redeemRefresh({ simulator, form, clientId }: RedeemInput): Grant {
  const grant = simulator.tokens.takeRefresh(form.refresh_token ?? '');
  if (grant?.clientId === clientId) return grant;
  throw new OAuthError({ code: 'invalid_grant', text: 'The refresh token is wrong or used.' });
}

function tokenResponse(simulator: Simulator, { grant, withRefresh }: { grant: Grant; withRefresh: boolean }) {
  return {
    access_token: simulator.tokens.issueAccess(grant),
    token_type: 'Bearer',
    expires_in: simulator.options.tokenSeconds,
    ...(simulator.options.refusesScope ? {} : { scope: grant.scope }),
    ...(withRefresh ? { refresh_token: simulator.tokens.issueRefresh(grant) } : {}),
    ...(grant.patient ? { patient: grant.patient } : {}),
  };
}
