import type { Departure } from '@bulkhead/connections/commands';
import type { Response } from 'express';
import type { ErrorPage } from '../../../http/define-endpoint.ts';
import { authorizationProblemPage } from './authorization-page.ts';
import { setBrowserCookie } from './browser-cookie.ts';

/** Documents the response of `sendToEhr`. */
export const toEhr = { 302: { description: 'To the EHR, where a user agrees' } };

/** Redirects to the EHR's log-in, with a cookie that identifies the browser when it comes back. */
export function sendToEhr(response: Response, { redirectTo, browser }: Departure): void {
  setBrowserCookie(response, browser);
  response.redirect(302, redirectTo);
}

/** For browsers of users that the server does not know. */
export const strangersErrorPage: ErrorPage = ({ problem }) => authorizationProblemPage({ problem, place: undefined });
