import type { AuditOutcome, NewAuditEvent } from '@bulkhead/access';
import type { AuditService } from '@bulkhead/access/commands';
import type { Logger } from '@bulkhead/runtime';
import { AppError } from '@bulkhead/runtime';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type AuditNotes, auditNotes } from './audit-notes.ts';
import { actorOf, callerOf } from './caller-of.ts';

export interface AuditDeps {
  readonly audit: Pick<AuditService, 'append'>;
  readonly logger: Logger;
}

/**
 * Writes an event of each audited action. It holds the answer back, from its first byte on, until the event is stored: nobody is told
 * of a change, or is sent any patient data, that the audit log does not know of, and a process that dies on the way has no reader
 * whom the log lacks. A stream that is cut off later is a second event.
 */
export function auditTrail(deps: AuditDeps): RequestHandler {
  return (request, response, next) => {
    const trail = new Trail({ deps, request, response, next });
    trails.set(response, trail);
    const write = response.write.bind(response) as (...given: unknown[]) => boolean;
    const end = response.end.bind(response) as (...given: unknown[]) => Response;
    response.write = ((...given: unknown[]) =>
      trail.pass({ send: () => write(...given), isEnd: false })) as Response['write'];
    response.end = ((...given: unknown[]) => {
      trail.pass({ send: () => void end(...given), isEnd: true });
      return response;
    }) as Response['end'];
    response.once('close', () => trail.close());
    next();
  };
}

const trails = new WeakMap<Response, Trail>();

/** Writes an event of its own for patients who are shown beside those of the request's event. Ends when it is stored. */
export async function appendFurther(response: Response, patients: readonly string[]): Promise<void> {
  await trails.get(response)?.appendFurther(patients);
}

/** A part of an answer. */
interface Part {
  /** @returns whether the client takes more at once, as `write` does. */
  readonly send: () => boolean | undefined;
  readonly isEnd: boolean;
}

/** What becomes of one request in the audit log. */
class Trail {
  readonly #deps: AuditDeps;
  readonly #request: Request;
  readonly #response: Response;
  readonly #next: NextFunction;
  #isRecorded = false;
  #isEnded = false;
  /** While the event is being stored. */
  #held: Part[] | undefined;

  constructor(options: {
    readonly deps: AuditDeps;
    readonly request: Request;
    readonly response: Response;
    readonly next: NextFunction;
  }) {
    this.#deps = options.deps;
    this.#request = options.request;
    this.#response = options.response;
    this.#next = options.next;
  }

  /** Sends a part of the answer once the event is stored. @returns what `write` does: false if the caller is to wait for `drain`. */
  pass(part: Part): boolean {
    if (part.isEnd) this.#isEnded = true;
    if (this.#held) {
      this.#held.push(part);
      return false;
    }
    if (this.#isRecorded || !isAudited(this.#response)) return part.send() ?? false;
    this.#held = [part];
    this.#isRecorded = true;
    this.#deps.audit.append(this.#event()).then(
      () => this.#release(),
      (error: unknown) => this.#refuse(error),
    );
    return false;
  }

  /** A client that left before the end may have read most of it. A stream of events has no end that a client waits for. */
  close(): void {
    const isStream = this.#response.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (this.#isEnded || !isAudited(this.#response) || (isStream && this.#isRecorded)) return;
    this.#isRecorded = true;
    const event = { ...this.#event(), outcome: 'failed' as const, code: 'client-left' };
    this.#deps.audit.append(event).catch((error: unknown) => this.#logLost(error));
  }

  appendFurther(patients: readonly string[]): Promise<void> {
    return this.#deps.audit.append({ ...this.#event(), patients });
  }

  #release(): void {
    let takesMore = false;
    // What is sent may ask for more at once, which must not overtake the rest.
    for (const part of this.#held ?? []) {
      if (!this.#response.destroyed || part.isEnd) takesMore = part.send() ?? false;
    }
    this.#held = undefined;
    if (takesMore && !this.#isEnded) this.#response.emit('drain');
  }

  /** An answer in parts is cut off, so that it is not taken for a whole one; one that was ready becomes an error. */
  #refuse(error: unknown): void {
    const isWhole = this.#held?.length === 1 && this.#isEnded;
    this.#held = undefined;
    this.#logLost(error);
    if (!isWhole || this.#response.headersSent) {
      this.#isEnded = true;
      this.#response.destroy();
      return;
    }
    for (const name of ['location', 'etag', 'content-disposition', 'content-range']) this.#response.removeHeader(name);
    this.#next(auditUnavailable(error));
  }

  #event(): NewAuditEvent {
    return toEvent({ request: this.#request, response: this.#response });
  }

  #logLost(error: unknown): void {
    this.#deps.logger.error('audit event not stored', { error });
  }
}

function isAudited(response: Response): boolean {
  const { action, audited, isShown } = auditNotes(response);
  if (action === undefined) return false;
  return audited === 'if-shown' ? isShown : audited;
}

function toEvent({ request, response }: { readonly request: Request; readonly response: Response }): NewAuditEvent {
  const notes = auditNotes(response);
  const { action = '', target, code, patients, parameters } = notes;
  const outcome = outcomeOf(response.statusCode, notes);
  const requestId = response.get('X-Request-Id');
  return {
    actor: actorOf(callerOf(response)),
    action,
    target,
    ...(patients.length > 0 ? { patients } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    outcome,
    ...(code === undefined || outcome === 'success' ? {} : { code }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(request.ip === undefined ? {} : { address: request.ip }),
  };
}

function outcomeOf(status: number, { isUnchanged }: AuditNotes): AuditOutcome {
  if (status < 400) return isUnchanged ? 'unchanged' : 'success';
  return status < 500 ? 'refused' : 'failed';
}

function auditUnavailable(cause: unknown): AppError {
  return new AppError({
    code: 'audit-unavailable',
    message:
      'What was asked for may have been done, but could not be written into the audit log, so it is not answered. Look at it before you ask again.',
    retry: { afterMs: 5000 },
    cause,
  });
}
