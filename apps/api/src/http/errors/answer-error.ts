import type { Logger } from '@bulkhead/runtime';
import type { ErrorRequestHandler } from 'express';
import { sendPage } from '../../browser/send-page.ts';
import { errorPageOf } from '../../browser/tell-people.ts';
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
