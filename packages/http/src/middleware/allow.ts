import { accessError, personRoles } from '@bulkhead/access';
import type { NextFunction, Request, Response } from 'express';
import type { Action } from '../actions.ts';
import { auditNotes } from '../audit-notes.ts';
import type { Endpoint } from '../define-endpoint.ts';
import { apiError, tokenNotKey } from '../errors/errors.ts';
import { callerOf } from './caller-of.ts';

/** The first handler of every endpoint: starts the notes for the audit log, and refuses callers without access. */
export function allow(endpoint: Pick<Endpoint, 'action' | 'access' | 'audited' | 'acceptsTokens'>) {
  const { action, access, audited, acceptsTokens = false } = endpoint;
  // Not a `RequestHandler`, because the types of its parameters would apply to the next handlers too.
  return (request: unknown, response: Response, next: NextFunction): void => {
    Object.assign(auditNotes(response), {
      action: action?.name,
      audited,
      target: targetOf(request as Request),
      parameters: parametersOf(request as Request),
    });
    if (access !== 'anyone' && !acceptsTokens) checkNoToken(response);
    if (access === 'operator') checkOperator(response);
    if (action !== undefined) checkRole(response, action);
    next();
  };
}

/** Ids have at most 200 characters. A longer text is not an id and must not fill the audit log. */
export const maxIdLength = 200;

/** The ids in the address, and the connection of the query or the body. */
function targetOf({ params, query, body }: Request): Record<string, string> {
  const { connectionId = query.connectionId } = (body ?? {}) as { connectionId?: unknown };
  const ids = Object.entries({ connectionId, ...params }).filter(([, id]) => typeof id === 'string');
  return Object.fromEntries(ids.map(([name, id]) => [name, String(id).slice(0, maxIdLength)]));
}

/** Names of FHIR parameters with modifiers. Any other text is not the name of a parameter and could be patient data. */
const parameterName = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
const maxParameters = 50;

/** The names of the search parameters. The connection is left out because it is part of the target. */
function parametersOf({ query }: Request): string[] {
  const names = Object.keys(query).filter((name) => name !== 'connectionId' && parameterName.test(name));
  return names.toSorted().slice(0, maxParameters);
}

/**
 * Compares the role of a person who is logged in with the role that the action demands. Callers with an API key have no such role.
 * @throws AppError `role-not-sufficient`
 */
function checkRole(response: Response, action: Action) {
  const { personRole } = callerOf(response).apiKey;
  if (personRole === undefined) return;
  // The list is in ascending order of rights.
  if (personRoles.indexOf(personRole) >= personRoles.indexOf(action.people)) return;
  if (personRole === 'viewer') throw accessError('role-not-sufficient');
  throw accessError('role-not-sufficient', {
    message: 'This is for admins, and your role is operator. Ask an admin.',
  });
}

/** Refuses an access token outside of the FHIR API, because its scopes are about resources only. @throws AppError `unauthenticated` */
function checkNoToken(response: Response): void {
  if (callerOf(response).apiKey.grantedScope !== undefined) throw apiError('unauthenticated', { message: tokenNotKey });
}

/** @throws AppError `forbidden` */
export function checkOperator(response: Response): void {
  const { role, personRole } = callerOf(response).apiKey;
  if (role === 'operator') return;
  if (personRole === undefined) throw apiError('forbidden');
  // A person has no key.
  throw apiError('forbidden', { message: `This is for operators, and your role is ${personRole}. Ask an operator.` });
}
