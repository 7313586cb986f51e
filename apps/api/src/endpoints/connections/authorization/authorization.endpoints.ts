import {
  type AuthorizationRedirect,
  authorizeBodySchema,
  authorizeQuerySchema,
  launchQuerySchema,
} from '@bulkhead/connections/commands';
import { anyone, endpointGroup } from '@bulkhead/http';
import { instant, later, success } from '@bulkhead/http/schemas';
import type { Response } from 'express';
import { z } from 'zod';
import { defineEndpoint, type ErrorPage } from '../../../define-endpoint.ts';
import { connectionActions } from '../connection.actions.ts';
import { authorizationProblemPage } from './authorization-page.ts';
import { setBrowserCookie } from './browser-cookie.ts';
import { finishAuthorization } from './finish-authorization.endpoint.ts';

/** Documents the response of `sendToEhr`. */
const toEhr = { 302: { description: 'Redirects to the EHR, which asks the user to agree' } };

/** Redirects to the login of the EHR, with a cookie that identifies the browser when it comes back. */
function sendToEhr(response: Response, { redirectTo, browser }: AuthorizationRedirect): void {
  setBrowserCookie(response, browser);
  response.redirect(302, redirectTo);
}

/** For browsers of users that the server does not know. */
const unknownUserErrorPage: ErrorPage = ({ problem }) => authorizationProblemPage({ problem, place: undefined });

const startAuthorization = defineEndpoint({
  id: 'startAuthorization',
  route: 'GET /api/ehr/authorize/start',
  action: anyone,
  isLimitedByAddress: true,
  summary: 'Open an invitation: start the authorization in a browser',
  description:
    'The URL of an invitation. It sets a cookie and redirects to the login of the EHR. It works once. Programs do not call it: they create it with `inviteToAuthorize`.',
  request: {
    query: z.strictObject({
      token: z
        .string()
        .min(1)
        .max(200)
        .describe('The secret of the start URL. It can be used once, within ten minutes.'),
    }),
  },
  responses: toEhr,
  errors: [
    'invalid-request',
    'authorization-used',
    'authorization-failed',
    'authorization-pending',
    'too-many-requests',
    'unavailable',
  ],
  errorPage: unknownUserErrorPage,
  async handler({ query: { token }, services, response }) {
    sendToEhr(response, await services.authorizations.start(token));
  },
});

const invitationSchema = z
  .strictObject({
    startUrl: z.string().describe('The URL to open in the browser of the user. It contains a secret.'),
    expiresAt: instant.describe('After this time the URL does not work.'),
  })
  .meta({ id: 'Invitation', description: 'A URL that a user can open once in a browser, within ten minutes.' });

const invitationExample = {
  startUrl: 'https://bulkhead.example/api/ehr/authorize/start?token=auth_01a20ebbc9477ed4b36076ce74bec9ba.…',
  expiresAt: later,
};

/** Used by programs, which have a key and no browser. */
const inviteToAuthorize = defineEndpoint({
  id: 'inviteToAuthorize',
  route: 'POST /api/ehr/:provider/authorize',
  action: connectionActions.authorize,
  idempotency: 'secret',
  summary: 'Create a URL that a user opens once to authorize a connection',
  description:
    'Creates a URL for a user who may give consent at the EHR. It can be opened once, within ten minutes. Afterwards the connection is authorized, and a new connection exists if the request had none. For programs, which have no browser.',
  request: { body: { schema: authorizeBodySchema, example: { practiceId: '195900' }, isOptional: true } },
  responses: {
    201: success('The URL to open in a browser, once', { data: invitationSchema, example: invitationExample }),
  },
  errors: ['unknown-connection', 'not-authorizable', 'redirect-uri-missing'],
  async handler({ params: { provider }, body, services, audit }) {
    const { connectionId } = body;
    if (connectionId !== undefined) audit.target = { connectionId };
    const data = await services.authorizations.invite({ provider, body });
    const { pathname, search } = new URL(data.startUrl);
    return { data, location: pathname + search };
  },
});

/** Used by an operator in a browser. */
const authorize = defineEndpoint({
  id: 'authorize',
  route: 'GET /api/ehr/:provider/authorize',
  action: connectionActions.authorize,
  summary: 'Authorize a connection in the browser of an operator',
  description:
    'Redirects the browser of an operator to the login of the EHR. After the user has agreed, the EHR sends the browser back, and the connection can read. A browser without a session is sent to the login of the console first.',
  request: { query: authorizeQuerySchema },
  responses: toEhr,
  errors: [
    'unknown-connection',
    'not-authorizable',
    'redirect-uri-missing',
    'authorization-failed',
    'authorization-pending',
    'authorization-used',
  ],
  errorPage,
  async handler({ params: { provider }, query, services, response }) {
    sendToEhr(response, await services.authorizations.authorize({ provider, body: query }));
  },
});

/** Leads an operator who could not be sent to the EHR back to the connection. */
function errorPage({ request, problem }: Parameters<ErrorPage>[0]) {
  const { provider = '' } = request.params as { readonly provider?: string };
  const { connectionId } = request.query;
  const place = { provider, isDone: false, ...(typeof connectionId === 'string' ? { connectionId } : {}) };
  return authorizationProblemPage({ problem, place });
}

const launch = defineEndpoint({
  id: 'launch',
  route: 'GET /api/ehr/:provider/launch',
  action: anyone,
  isLimitedByAddress: true,
  summary: 'Launch the application from an EHR (EHR launch)',
  description:
    'The launch URL of SMART App Launch, to register at the EHR. The EHR opens it in the browser of a user and adds `iss` and `launch`. The browser is redirected to the login of the EHR, and a connection for that EHR is created or authorized.',
  request: {
    query: launchQuerySchema,
    ignoresOtherParameters: 'An EHR may add other parameters to the launch URL.',
  },
  responses: toEhr,
  errors: [
    'invalid-request',
    'unknown-provider',
    'unknown-issuer',
    'redirect-uri-missing',
    'authorization-failed',
    'authorization-pending',
    'too-many-requests',
    'unavailable',
  ],
  errorPage: unknownUserErrorPage,
  async handler({ params: { provider }, query: { iss, launch: launchId }, services, response }) {
    sendToEhr(response, await services.authorizations.launch({ provider, iss, launch: launchId }));
  },
});

export const authorizationEndpoints = endpointGroup({
  name: 'Authorization',
  description:
    'The authorization code flow of SMART App Launch with PKCE, in which a user allows a connection to read.',
  endpoints: [inviteToAuthorize, authorize, startAuthorization, launch, finishAuthorization],
});
