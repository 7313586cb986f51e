import { scopeCovers } from '@bulkhead/fhir';
import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { Simulator } from '../simulator.ts';

const reasons = {
  missing: 'no access token',
  expired: 'expired access token',
  unknown: 'unknown access token',
} as const;

/**
 * Checks the access token. A request without a valid one is also a violation.
 * @throws OutcomeError 401 unless the token is valid.
 */
export function authenticate(simulator: Simulator, req: Request): void {
  if (!simulator.options.auth) return;
  const token = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  const state = token === undefined ? 'missing' : simulator.tokens.checkAccess(token);
  if (state === 'valid') {
    checkScope({ simulator, req, token: token ?? '' });
    return;
  }
  simulator.traffic.recordViolation({ req, kind: 'token', reason: reasons[state] });
  throw new OutcomeError({
    status: 401,
    code: 'login',
    text: `Unauthorized: ${reasons[state]}.`,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

/**
 * Checks the scopes of the token if the simulator enforces them.
 * @throws OutcomeError 403 for a type that they do not cover.
 */
function checkScope(options: { readonly simulator: Simulator; readonly req: Request; readonly token: string }): void {
  const { simulator, req, token } = options;
  const [, type = ''] = /^\/fhir\/r4\/([A-Z][A-Za-z]+)(?:\/[^$]*)?$/.exec(req.path) ?? [];
  if (!simulator.options.enforceScopes || type === '') return;
  const scope = simulator.tokens.scopeOf(token) ?? '';
  if (scopeCovers({ scope, resourceType: type })) return;
  throw new OutcomeError({ status: 403, code: 'forbidden', text: `The scopes do not cover ${type}.` });
}
