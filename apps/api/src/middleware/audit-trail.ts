import { AppError, type AuditOutcome, type NewAuditEvent } from '@bulkhead/domain';
import type { Logger } from '@bulkhead/runtime';
import type { AuditService } from '@bulkhead/service';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { actions } from '../actions.ts';
import { auditNotes } from './audit-notes.ts';
import { callerOf } from './caller-of.ts';

export interface AuditDeps {
  readonly audit: AuditService;
  readonly logger: Logger;
}

/**
 * Writes an event of each audited action. It holds the end of the answer back until the event is stored: nobody is told of a
 * change, or has all of a record, that the audit log does not know of.
 */
export function auditTrail(deps: AuditDeps): RequestHandler {
  return (request, response, next) => {
    const end = response.end.bind(response) as (...given: unknown[]) => Response;
    let isWritten = false;
    const hold = (...given: unknown[]): Response => {
      response.end = end as Response['end'];
      if (isWritten || !isAudited(response)) return end(...given);
      isWritten = true;
      deps.audit.append(toEvent({ request, response })).then(
        () => end(...given),
        (error: unknown) => answerLost({ deps, response, next, error }),
      );
      return response;
    };
    response.end = hold as Response['end'];
    // Whoever left before the end may have read most of it.
    response.once('close', () => {
      if (isWritten || !isAudited(response)) return;
      isWritten = true;
      const event = { ...toEvent({ request, response }), outcome: 'failed' as const, code: 'client-left' };
      deps.audit.append(event).catch((error: unknown) => logLost({ deps, error }));
    });
    next();
  };
}

function isAudited(response: Response): boolean {
  const { action } = auditNotes(response);
  return action !== undefined && actions[action].audited;
}

function toEvent({ request, response }: { readonly request: Request; readonly response: Response }): NewAuditEvent {
  const { action = '', target, code } = auditNotes(response);
  const { apiKey, via } = callerOf(response);
  const outcome = outcomeOf(response.statusCode);
  const requestId = response.get('X-Request-Id');
  return {
    actor: { kind: via, id: apiKey.id, name: apiKey.name, role: apiKey.role },
    action,
    target,
    outcome,
    ...(code === undefined || outcome === 'success' ? {} : { code }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(request.ip === undefined ? {} : { address: request.ip }),
  };
}

function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return 'success';
  return status < 500 ? 'refused' : 'failed';
}

/** Half an answer is cut off, so that it is not taken for a whole one; one that has not begun becomes an error. */
function answerLost(options: {
  readonly deps: AuditDeps;
  readonly response: Response;
  readonly next: NextFunction;
  readonly error: unknown;
}): void {
  const { deps, response, next, error } = options;
  logLost({ deps, error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of ['location', 'etag', 'content-disposition', 'content-range']) response.removeHeader(name);
  next(
    new AppError({
      code: 'audit-unavailable',
      message:
        'What was asked for may have been done, but could not be written into the audit log, so it is not answered. Look at it before you ask again.',
      retry: { afterMs: 5000 },
      cause: error,
    }),
  );
}

function logLost({ deps, error }: { readonly deps: AuditDeps; readonly error: unknown }): void {
  deps.logger.error('audit event not stored', { error });
}
