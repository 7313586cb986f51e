import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@bulkhead/runtime';
import type { ErrorRequestHandler } from 'express';
import { errorPageOf, sendPage } from '../../browser/pages.ts';
import { auditNotes } from '../middleware/audit-notes.ts';
import { toErrorAnswer } from './to-error-answer.ts';

/** The one place where errors become answers: `{ success: false, error: { code, message, details? } }`, or a page. */
export function answerError(logger: Logger): ErrorRequestHandler {
  return async (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, code, retry, view } = toErrorAnswer(error);
    auditNotes(response).code = code;
    if (status >= 500 && status !== 502) logger.error('request failed', { status, code, error });
    if (typeof retry === 'object') response.set('Retry-After', String(Math.ceil(retry.afterMs / 1000)));
    if (status === 401) response.set('WWW-Authenticate', 'Bearer');
    const page = await errorPageOf({ response, problem: view });
    if (page) sendPage(response, { status, ...page });
    else response.status(status).json({ success: false, error: view });
  };
}

interface Refusal {
  readonly status: string;
  readonly message: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', message: 'The request did not come whole in time.' },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: 'The headers and the address are too large: 16 KB are enough for every request.',
  },
};
const notHttp: Refusal = {
  status: '400 Bad Request',
  message: 'This is no request of HTTP/1.1. Percent-encode what is not ASCII in the address.',
};

/** What Node refuses before it is a request: with Node's status, and a body in the shape of every other error. */
export function answerUnreadable(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => {
    responses.set(socket, response);
    response.once('close', () => responses.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of an answer it would be taken for a part of that.
    if (!socket.writable || responses.get(socket)?.headersSent) return socket.destroy(error);
    return socket.end(toText(refusals[error.code ?? ''] ?? notHttp));
  });
}

/** What `securityHeaders` sends with every other answer, as far as it is of use for one that is no page. */
const securityLines = [
  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security: max-age=31536000; includeSubDomains',
  'X-Content-Type-Options: nosniff',
];

function toText({ status, message }: Refusal): string {
  const body = JSON.stringify({ success: false, error: { code: 'unreadable-request', message } });
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: application/json'];
  return [...head, ...securityLines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}
