import { type Request, type Response, Router, urlencoded } from 'express';
import { endpoint } from '../http/endpoint.ts';
import type { Reply } from '../http/reply.ts';
import { authorizePage } from '../oauth/authorize-page.ts';
import { authorizeFaultOf, authorizeRedirect } from '../oauth/authorize-redirect.ts';
import { checkClient } from '../oauth/check-client.ts';
import { clientCredentialsOf } from '../oauth/client-credentials-of.ts';
import { grantToken } from '../oauth/grant-token.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Simulator } from '../simulator.ts';

type Handle = (req: Request, res: Response) => Reply | Promise<Reply>;

/** `/oauth2/v1/authorize`, `/token` and `/revoke`. */
export function oauthRoute(simulator: Simulator): Router {
  const router = Router();
  const form = urlencoded({ extended: false });
  const handled = (handle: Handle) => endpoint({ simulator, auth: 'none', handle: orOAuthError(handle) });
  router.get(
    '/oauth2/v1/authorize',
    handled(({ query }) => {
      const location = authorizeRedirect({ simulator, query });
      const isAsked = simulator.options.asksUser && !authorizeFaultOf({ simulator, query });
      return isAsked ? authorizePage() : { status: 302, headers: { location } };
    }),
  );
  // What the user has said on that page.
  router.post(
    '/oauth2/v1/authorize',
    form,
    handled(({ query, body }) => {
      const location = authorizeRedirect({ simulator, query, isDenied: body?.decision !== 'allow' });
      return { status: 303, headers: { location } };
    }),
  );
  router.post(
    '/oauth2/v1/token',
    form,
    handled((req) => token({ simulator, req })),
  );
  router.post(
    '/oauth2/v1/revoke',
    form,
    handled(async (req) => {
      await checkClient({ simulator, form: req.body ?? {}, client: clientCredentialsOf(req) });
      // RFC 7009: unknown tokens are answered like known ones.
      simulator.tokens.revoke(String(req.body?.token ?? ''));
      return { status: 200, headers: {} };
    }),
  );
  return router;
}

async function token({ simulator, req }: { readonly simulator: Simulator; readonly req: Request }): Promise<Reply> {
  const waitSeconds = simulator.tokens.spendMinute();
  if (waitSeconds > 0) {
    const document = { error: 'temporarily_unavailable', error_description: 'Too many tokens this minute.' };
    return { status: 429, headers: { 'retry-after': String(waitSeconds) }, document };
  }
  const document = await grantToken({ simulator, form: req.body ?? {}, client: clientCredentialsOf(req) });
  return { status: 200, headers: { 'cache-control': 'no-store' }, document };
}

function orOAuthError(handle: Handle): Handle {
  return async (req, res) => {
    try {
      return await handle(req, res);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const challenge = error.status === 401 ? { 'www-authenticate': 'Basic realm="simulator"' } : {};
      const document = { error: error.code, error_description: error.message };
      return { status: error.status, headers: { 'cache-control': 'no-store', ...challenge }, document };
    }
  };
}
