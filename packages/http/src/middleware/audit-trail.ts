import { type AuditOutcome, auditError, type NewAuditEvent } from '@bulkhead/access/audit';
import type { AuditService } from '@bulkhead/access/audit/commands';
import { type AppError, type Logger, present } from '@bulkhead/base';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { answerError } from '../answer-error.ts';
import { type AuditNotes, auditNotes } from '../audit-notes.ts';
import { actorOf, callerOf } from './caller-of.ts';

export interface AuditDeps {
  readonly audit: Pick<AuditService, 'append'>;
  readonly logger: Logger;
}

/**
 * Records an event of each audited action. The first byte of the response is sent only after the event is stored. So no client learns of
 * a change or receives patient data without an event in the audit log, even if the process dies in between. If a response is
 * interrupted later, a second event is recorded.
 */
export function auditTrail(deps: AuditDeps): RequestHandler {
  return (request, response, next) => {
    const trail = new Trail({ deps, request, response, next });
    trails.set(response, trail);
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const end = response.end.bind(response) as (...args: unknown[]) => Response;
    response.write = ((...args: unknown[]) =>
      trail.pass({ send: () => write(...args), isEnd: false })) as Response['write'];
    response.end = ((...args: unknown[]) => {
      trail.pass({ send: () => void end(...args), isEnd: true });
      return response;
    }) as Response['end'];
    response.once('close', () => trail.close());
    next();
  };
}

const trails = new WeakMap<Response, Trail>();

/** Records a separate event for patients that the event of the request does not list. Resolves when it is stored. */
export async function appendFurther(response: Response, patients: readonly string[]): Promise<void> {
  await trails.get(response)?.appendFurther({ patients });
}

/** Records a separate event for a connection that the event of the request does not name. Resolves when it is stored. */
export async function appendConnection(response: Response, connectionId: string): Promise<void> {
  const { target } = auditNotes(response);
  await trails.get(response)?.appendFurther({ target: { ...target, connectionId } });
}

/** Stores the event before the response begins, so that it need not be held back. @throws AppError `audit-unavailable` */
export async function recordNow(response: Response): Promise<void> {
  await trails.get(response)?.record();
}

/** A part of a response. */
interface Part {
  /** @returns false if the caller must wait for `drain`, as `write` does */
  readonly send: () => boolean | undefined;
  readonly isEnd: boolean;
}

/** The audit trail of one request. It holds back the response until the event is stored. */
class Trail {
  readonly #options;
  #isRecorded = false;
  #isEnded = false;
  /** The parts of the response that wait while the event is being stored. */
  #held: Part[] | undefined;

  constructor(options: {
    readonly deps: AuditDeps;
    readonly request: Request;
    readonly response: Response;
    readonly next: NextFunction;
  }) {
    this.#options = options;
  }

  /** Sends a part of the response once the event is stored. @returns false if the caller must wait for `drain`, as `write` does */
  pass(part: Part): boolean {
    if (part.isEnd) this.#isEnded = true;
    if (this.#held) {
      this.#held.push(part);
      return false;
    }
    if (this.#isRecorded || !isAudited(this.#options.response)) return part.send() ?? false;
    this.#held = [part];
    this.#isRecorded = true;
    this.#options.deps.audit.append(this.#event()).then(
      () => this.#release(),
      (error: unknown) => this.#refuse(error),
    );
    return false;
  }

  async record(): Promise<void> {
    if (this.#isRecorded || !isAudited(this.#options.response)) return;
    this.#isRecorded = true;
    try {
      await this.#options.deps.audit.append(this.#event());
    } catch (error) {
      this.#logLost(error);
      throw auditUnavailable(error);
    }
  }

  /** A client that left before the end may have read most of the response. For event streams this is the normal end. */
  close(): void {
    const isStream = this.#options.response.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (this.#isEnded || !isAudited(this.#options.response) || (isStream && this.#isRecorded)) return;
    this.#isRecorded = true;
    const event = { ...this.#event(), outcome: 'failed' as const, code: 'client-left' as const };
    this.#options.deps.audit.append(event).catch((error: unknown) => this.#logLost(error));
  }

  appendFurther(differences: Partial<Pick<NewAuditEvent, 'patients' | 'target'>>): Promise<void> {
    return this.#options.deps.audit.append({ ...this.#event(), ...differences });
  }

  #release(): void {
    let takesMore = false;
    // `send` can cause further parts, which must not overtake the remaining ones.
    for (const part of this.#held ?? []) {
      if (!this.#options.response.destroyed || part.isEnd) takesMore = part.send() ?? false;
    }
    this.#held = undefined;
    if (takesMore && !this.#isEnded) this.#options.response.emit('drain');
  }

  /** A complete response becomes an error. A response in parts is cut off, so that the client does not take it for a complete one. */
  #refuse(error: unknown): void {
    const isWhole = this.#held?.length === 1 && this.#isEnded;
    this.#held = undefined;
    this.#logLost(error);
    if (!isWhole || this.#options.response.headersSent) {
      this.#isEnded = true;
      this.#options.response.destroy();
      return;
    }
    for (const name of ['location', 'etag', 'content-disposition', 'content-range'])
      this.#options.response.removeHeader(name);
    const { deps, request, response, next } = this.#options;
    // Not `next`: if the response is an error, Express has passed the handler of errors already, and would answer by itself.
    Promise.resolve(answerError(deps.logger)(auditUnavailable(error), request, response, next)).catch(next);
  }

  #event(): NewAuditEvent {
    return toEvent(this.#options);
  }

  #logLost(error: unknown): void {
    this.#options.deps.logger.error('audit event not stored', { error });
  }
}

function isAudited(response: Response): boolean {
  const { action, audited, isShown } = auditNotes(response);
  if (action === undefined) return false;
  return audited === 'if-shown' ? isShown : audited;
}

function toEvent({ request, response }: { readonly request: Request; readonly response: Response }): NewAuditEvent {
  const notes = auditNotes(response);
  const { action, target, code, patients, parameters } = notes;
  if (action === undefined) throw new Error('Only requests with an action have an event.');
  const outcome = outcomeOf(response.statusCode, notes);
  return {
    actor: actorOf(callerOf(response)),
    action,
    target,
    ...(patients.length > 0 ? { patients } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    outcome,
    ...(code === undefined || outcome === 'success' ? {} : { code }),
    ...sourceOf({ request, response }),
  };
}

/** Where an event came from. */
export function sourceOf(options: {
  readonly request: Request;
  readonly response: Response;
}): Pick<NewAuditEvent, 'requestId' | 'address'> {
  const { ip: address } = options.request;
  return present({ requestId: options.response.get('X-Request-Id'), address });
}

function outcomeOf(status: number, { isUnchanged }: AuditNotes): AuditOutcome {
  if (status < 400) return isUnchanged ? 'unchanged' : 'success';
  return status < 500 ? 'refused' : 'failed';
}

function auditUnavailable(cause: unknown): AppError {
  return auditError('audit-unavailable', { cause });
}
