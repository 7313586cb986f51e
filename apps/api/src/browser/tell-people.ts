import type { Request, RequestHandler, Response } from 'express';
import type { Page } from './send-page.ts';

/** An error as the API tells it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

type PageOf = (options: { readonly request: Request; readonly problem: Problem }) => Page | Promise<Page>;

const pages = new WeakMap<Response, (problem: Problem) => Page | Promise<Page>>();

/** For an address that people come to by a browser: what goes wrong is told on a page, where one is asked for. */
export function tellPeople(pageOf: PageOf): RequestHandler {
  return (request, response, next) => {
    if (wantsPage(request)) pages.set(response, (problem) => pageOf({ request, problem }));
    next();
  };
}

/** @returns undefined where the answer is for a program */
export function errorPageOf(options: { readonly response: Response; readonly problem: Problem }) {
  return pages.get(options.response)?.(options.problem);
}

export function wantsPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}
