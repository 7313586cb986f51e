import { AppError } from '@bulkhead/base';
import { callbackQuerySchema } from '@bulkhead/connections/commands';
import { anyone, sendPage, sourceOf, wantsPage } from '@bulkhead/http';
import { connectionId as exampleConnectionId, success } from '@bulkhead/http/schemas';
import { z } from 'zod';
import { defineEndpoint, type ErrorPage } from '../../../define-endpoint.ts';
import { authorizationProblemPage, authorizedPage } from './authorization-page.ts';
import { takeBrowserCookie } from './browser-cookie.ts';

const authorizedSchema = z
  .strictObject({ connectionId: z.string().describe('The connection that may now read from the EHR.') })
  .meta({ id: 'Authorized', description: 'The connection that was authorized.' });

export const finishAuthorization = defineEndpoint({
  id: 'authorizationCallback',
  route: 'GET /api/ehr/callback',
  action: anyone,
  isLimitedByAddress: true,
  summary: 'Redirect URI: the EHR sends the browser back to this URL',
  description:
    'The redirect URI to register at the EHR. The EHR adds `state` and `code`, or `error`. The server exchanges the code for tokens and shows a page. With `Accept: application/json` it returns the id of the connection.',
  request: {
    query: callbackQuerySchema,
    ignoresOtherParameters:
      'A client must ignore parameters that a server adds, such as `session_state` (RFC 6749, 4.1.2).',
    headers: z.object({
      cookie: z
        .string()
        .optional()
        .describe(
          'The cookie that was set when the authorization began. It proves that the same browser has come back.',
        ),
    }),
  },
  responses: {
    200: success('The connection may now read. A browser gets a page instead of JSON', {
      data: authorizedSchema,
      example: {
        connectionId: exampleConnectionId,
      },
    }),
  },
  errors: [
    'invalid-request',
    'authorization-unknown',
    'authorization-refused',
    'authorization-failed',
    'authorization-pending',
    'too-many-requests',
    'unavailable',
  ],
  errorPage,
  async handler({ query, services, process, request, response }) {
    const { authorizations, audit } = services;
    const binding = await authorizations.bindingOf(query);
    const browser = takeBrowserCookie({ request, response, binding });
    const connectionId = await authorizations.finish({ query, browser }).catch((error: unknown) => {
      if (error instanceof AppError) {
        process.refusedAttempts.note({ action: 'connection.authorized', address: request.ip ?? '', code: error.code });
      }
      throw error;
    });
    // The user who has agreed has no key, but the log must show that the connection was authorized.
    await audit.append({
      actor: { kind: 'nobody', id: 'nobody' },
      action: 'connection.authorized',
      target: { connectionId },
      outcome: 'success',
      ...sourceOf({ request, response }),
    });
    if (!wantsPage(request)) return { data: { connectionId } };
    const place = await authorizations.placeOf(binding.id);
    sendPage(response, { status: 200, ...authorizedPage({ connectionId, place }) });
    return undefined;
  },
});

/** The error page for a browser that came back from the EHR. */
async function errorPage({ request, problem, services: { authorizations } }: Parameters<ErrorPage>[0]) {
  const { state } = request.query;
  const id = typeof state === 'string' ? authorizations.requestOf({ state }) : undefined;
  // If MongoDB is unavailable, the page has no link back.
  const place = id === undefined ? undefined : await authorizations.placeOf(id).catch(() => undefined);
  return authorizationProblemPage({ problem, place });
}
