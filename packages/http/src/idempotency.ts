import { AppError, parseRequest } from '@bulkhead/base';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type AuditNotes, auditNotes } from './audit-notes.ts';
import type { Endpoint, HttpServices, Reply } from './define-endpoint.ts';
import { apiError } from './errors/errors.ts';
import { toErrorAnswer } from './errors/to-error-answer.ts';
import { callerOf } from './middleware/caller-of.ts';

/** See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header. */
export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[!-~]{1,200}$/, 'Idempotency-Key must be 1-200 visible ASCII characters without a space')
    .optional()
    .describe(
      'Identifies this request, for example a UUID. If the request is sent again with the same key within a day, nothing is created a second time.',
    ),
});

/** The header of a response that was sent before. */
export const replayed = { 'Idempotency-Replayed': 'true' };

/** @throws AppError `invalid-request` */
export function readIdempotencyKey({ idempotency }: Endpoint, request: Request): string | undefined {
  if (idempotency === undefined) return undefined;
  return parseRequest(idempotencyHeader, { 'idempotency-key': request.get('idempotency-key') })['idempotency-key'];
}

/** What is stored of a request: its answer, unless that contains a secret, and what its audit event names. */
interface StoredAnswer extends Pick<AuditNotes, 'target' | 'patients'> {
  readonly reply?: Reply;
  readonly error?: ReturnType<typeof toErrorAnswer>['view'];
}

/** Calls the handler of a request with an `Idempotency-Key`, unless an earlier request has got its answer. */
export async function replyOnce(options: {
  readonly endpoint: Endpoint;
  readonly services: Pick<HttpServices, 'idempotency'>;
  readonly response: Response;
  readonly key: string;
  /** What makes the request different from others with the same endpoint. */
  readonly content: unknown;
  readonly call: () => Promise<Reply | undefined>;
}): Promise<Reply | undefined> {
  const { endpoint, services, response, key, content, call } = options;
  const notes = auditNotes(response);
  const request = { clientId: callerOf(response).apiKey.id, key, content: [endpoint.id, content] };
  let outcome: Promise<Reply | undefined> | undefined;
  const { answer, isRepeated } = await services.idempotency.once<StoredAnswer>(request, async () => {
    outcome = call();
    const result = await toResult(endpoint, outcome);
    const { target, patients } = notes;
    return { answer: { target, patients, ...result }, connectionId: target.connectionId };
  });
  if (!isRepeated) return outcome;
  const { target, patients, reply, error } = answer;
  notes.addTarget(target);
  notes.addPatients(patients);
  notes.setChanged(false);
  if (error) throw toError(error);
  if (!reply) throw notRepeated(target);
  return { ...reply, headers: { ...reply.headers, ...replayed } };
}

/** @throws the error of the handler, unless it is the outcome of a record that was created */
async function toResult(
  { idempotency, lastingErrors = [] }: Endpoint,
  outcome: Promise<Reply | undefined>,
): Promise<Pick<StoredAnswer, 'reply' | 'error'>> {
  try {
    const reply = (await outcome) ?? {};
    return idempotency === 'secret' ? {} : { reply };
  } catch (error) {
    const { code, view } = toErrorAnswer(error);
    if (!lastingErrors.some((lasting) => lasting === code)) throw error;
    return { error: view };
  }
}

function toError({ code, message, details }: ReturnType<typeof toErrorAnswer>['view']): AppError {
  return new AppError({ code, message, retry: 'never', context: details === undefined ? {} : { details } });
}

function notRepeated(record: Readonly<Record<string, string>>): AppError {
  return apiError('answer-not-repeated', { context: { details: record } });
}
