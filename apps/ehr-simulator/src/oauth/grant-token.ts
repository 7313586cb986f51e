import { createHash } from 'node:crypto';
import type { Simulator } from '../simulator.ts';
import { checkClient } from './check-client.ts';
import type { ClientCredentials } from './client-credentials-of.ts';
import { OAuthError } from './oauth-error.ts';
import type { Grant } from './token-store.ts';

export interface GrantTokenInput {
  readonly simulator: Simulator;
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly client: ClientCredentials | undefined;
}

/**
 * The token endpoint's answer for any of the three grants.
 * @throws OAuthError
 */
export async function grantToken({ simulator, form, client }: GrantTokenInput): Promise<Record<string, unknown>> {
  const clientId = await checkClient({ simulator, form, client });
  switch (form.grant_type) {
    case 'client_credentials':
      return tokenResponse({
        simulator,
        grant: { clientId, scope: mandatoryScope(form.scope) },
        withRefresh: false,
      });
    case 'authorization_code':
      return tokenResponse({ simulator, grant: redeemCode({ simulator, form, clientId }), withRefresh: true });
    case 'refresh_token':
      return tokenResponse({ simulator, grant: redeemRefresh({ simulator, form, clientId }), withRefresh: true });
    default:
      throw new OAuthError({ code: 'unsupported_grant_type', text: 'The grant type is not supported.' });
  }
}

function mandatoryScope(scope: string | undefined): string {
  if (scope?.trim()) return scope.trim();
  throw new OAuthError({ code: 'invalid_scope', text: 'One or more scopes are required.' });
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

interface TokenResponseInput {
  readonly simulator: Simulator;
  readonly grant: Grant;
  readonly withRefresh: boolean;
}

function tokenResponse({ simulator, grant, withRefresh }: TokenResponseInput): Record<string, unknown> {
  return {
    access_token: simulator.tokens.issueAccess(grant),
    token_type: 'Bearer',
    expires_in: simulator.options.tokenSeconds,
    scope: grant.scope,
    ...(withRefresh ? { refresh_token: simulator.tokens.issueRefresh(grant) } : {}),
    ...(grant.patient ? { patient: grant.patient } : {}),
  };
}
