import { scopeCovers } from '@bulkhead/fhir';
import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { Simulator } from '../simulator.ts';

const reasons = {
  missing: 'no access token',
  expired: 'expired access token',
  unknown: 'unknown access token',
} as const;

const notGranted = 'The practice has not granted this application access.';

/** The type in the path of a read or a search, or '' if there is none. A file has its type in its name. */
function typeOf({ path }: Request): string {
  return /^\/fhir\/r4\/([A-Z][A-Za-z]+)(?:\/[^$]*)?$/.exec(path)?.[1] ?? '';
}

/**
 * Checks the access token. A request without a valid one is also a violation.
 * @throws OutcomeError 401 unless the token is valid.
 */
export function authenticate(simulator: Simulator, req: Request, resourceType = typeOf(req)): void {
  if (!simulator.options.auth) return;
  const token = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  const state = token === undefined ? 'missing' : simulator.tokens.checkAccess(token);
  if (state === 'valid') {
    if (!simulator.options.practiceGrants) throw new OutcomeError({ status: 403, code: 'forbidden', text: notGranted });
    checkScope({ simulator, resourceType, token: token ?? '' });
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
function checkScope(options: {
  readonly simulator: Simulator;
  readonly resourceType: string;
  readonly token: string;
}): void {
  const { simulator, resourceType: type, token } = options;
  if (!simulator.options.enforceScopes || type === '') return;
  const scope = simulator.tokens.scopeOf(token) ?? '';
  if (scopeCovers({ scope, resourceType: type })) return;
  throw new OutcomeError({ status: 403, code: 'forbidden', text: `The scopes do not cover ${type}.` });
}
