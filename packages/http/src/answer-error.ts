import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, type ErrorCode, type Logger } from '@bulkhead/base';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { auditNotes } from './audit-notes.ts';
import { errorPageOf, sendPage } from './browser/pages.ts';
import { isFhirPath, toOperationOutcome } from './errors/fhir-outcome.ts';
import { toErrorAnswer } from './errors/to-error-answer.ts';

/** The only place that turns errors into responses: `{ success: false, error: { code, message, details? } }`, an OperationOutcome, or a page. */
export function answerError(logger: Logger): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    // No answer can be sent. An error of the content itself closes the connection, too, and the log says why.
    if (isStopped(response) && !(error instanceof AppError)) return;
    const { status, code, retry, view } = toErrorAnswer(error);
    if (response.headersSent) {
      // The client sees only that the connection is closed.
      logger.error('response cut off', { code, error });
      return next(error);
    }
    auditNotes(response).code = code;
    if (status >= 500 && status !== 502) logger.error('request failed', { status, code, error });
    if (typeof retry === 'object') response.set('Retry-After', String(Math.ceil(retry.afterMs / 1000)));
    if (status === 401) response.set('WWW-Authenticate', 'Bearer');
    const page = await errorPageOf({ response, problem: view });
    if (page) sendPage(response, { status, ...page });
    else if (isFhirPath(request.originalUrl))
      response
        .status(status)
        .type(outcomeType(request))
        .send(JSON.stringify(toOperationOutcome(view, status)));
    else response.status(status).json({ success: false, error: view });
  };
}

/** A client that accepts only `application/json`, as for the status of an export, need not know FHIR's type. */
function outcomeType(request: Request): string {
  const types = ['application/fhir+json', 'application/json'];
  return request.accepts(types) || 'application/fhir+json';
}

interface Refusal {
  readonly status: string;
  readonly message: string;
}

export const headersTooLarge: Refusal = {
  status: '431 Request Header Fields Too Large',
  message: 'The headers and the URL are larger than 16 KB. Send fewer or shorter ones.',
};
const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    message: 'The request was not complete in time. Send it again.',
  },
  HPE_HEADER_OVERFLOW: headersTooLarge,
};
const notHttp: Refusal = {
  status: '400 Bad Request',
  message: 'This is not a valid HTTP/1.1 request. Percent-encode non-ASCII characters in the URL.',
};

/** Answers what Node.js rejects before it becomes a request, with the status of Node.js and a body in the shape of every other error. */
export function answerUnreadable(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => {
    responses.set(socket, response);
    response.once('close', () => responses.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of a response, the client would take this for a part of that response.
    if (!socket.writable || responses.get(socket)?.headersSent) return socket.destroy(error);
    return socket.end(toText(refusals[error.code ?? ''] ?? notHttp));
  });
}

/** The headers of `securityHeaders` that matter for a response that is not a page. */
const securityLines = [
  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security: max-age=31536000; includeSubDomains',
  'X-Content-Type-Options: nosniff',
];

/** The body of a response to what Node.js rejects before it becomes a request. */
export function toErrorBody(message: string) {
  return { success: false, error: { code: 'unreadable-request' satisfies ErrorCode, message } };
}

function toText({ status, message }: Refusal): string {
  const body = JSON.stringify(toErrorBody(message));
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: application/json'];
  return [...head, ...securityLines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

const signals = new WeakMap<Response, AbortSignal>();

/** Aborts if the client leaves before its answer is complete, so that the database stops the search. */
export function leftSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  signals.set(response, controller.signal);
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Whether work for the response was stopped, because its client has left. */
function isStopped(response: Response): boolean {
  return signals.get(response)?.aborted === true;
}
