import { AppError } from '@bulkhead/domain';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { httpStatus } from '../http-status.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A plain page for a person, who has come here by a redirect: no script, no style, nothing from elsewhere. */
export function sendPage(
  response: Response,
  page: { readonly status: number; readonly title: string; readonly text: string },
) {
  const [title, text] = [page.title, page.text].map((one) => one.replace(/[&<>"']/g, (sign) => escapes[sign] ?? ''));
  response.status(page.status).set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  response
    .type('html')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>`,
    );
}

export function wantsPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}

/** What went wrong, as a page for whoever asks for one; everything else answers as ever. */
export function answerErrorByPage(): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { code = '' } = error instanceof AppError ? error : {};
    const status = (httpStatus as Readonly<Record<string, number>>)[code];
    if (status === undefined || !wantsPage(request) || response.headersSent) return next(error);
    sendPage(response, { status, title: 'Not authorized', text: (error as AppError).message });
  };
}
