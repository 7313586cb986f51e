import { OAuthError } from '@bulkhead/fhir/bulk-server';
import { anyone, apiError, endpointGroup, originOf, type ProcessState, sourceOf, tokenPath } from '@bulkhead/http';
import { type Request, text } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';

const tokenSchema = z
  .strictObject({
    access_token: z.string().describe('Send it as `Authorization: Bearer <token>`.'),
    token_type: z.string().describe('`bearer`.'),
    expires_in: z.int().describe('How many seconds the token works.'),
    scope: z.string().describe('What was granted. It can be less than was requested.'),
  })
  .meta({ id: 'ClientToken', description: 'A token of a backend client (RFC 6749, section 5.1).' });

const oauthErrorSchema = z
  .strictObject({
    error: z.string().describe('A code of RFC 6749, section 5.2.'),
    error_description: z.string().describe('What is wrong.'),
  })
  .meta({ id: 'OAuthError', description: 'An error of the token endpoint (RFC 6749, section 5.2).' });

/** An assertion has about a kilobyte. */
const maxTokenRequest = '20kb';

const issueToken = defineEndpoint({
  id: 'issueToken',
  route: `POST ${tokenPath}`,
  action: anyone,
  summary: 'Give a backend client a token',
  description:
    'The token endpoint of SMART Backend Services. The client proves its identity with an assertion that it has signed with its private key (RS384 or ES384, at most five minutes, each `jti` once), or with a secret that an operator has created (HTTP Basic, or `client_id` and `client_secret` in the form), and gets a token for five minutes. The token opens the FHIR base URLs of the connections of the client, within the granted scopes. See docs/how-to/serve-bulk-data.md.',
  request: {
    ignoresOtherParameters: 'Authorization servers ignore unknown parameters (RFC 6749, section 3.2).',
    body: {
      description:
        'A form with `grant_type`, `scope`, and `client_assertion_type` with `client_assertion`, or `client_id` with `client_secret`.',
      contentType: 'application/x-www-form-urlencoded',
      example:
        'grant_type=client_credentials&scope=system%2F*.read&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJ...',
    },
    readBody: text({ type: 'application/x-www-form-urlencoded', limit: maxTokenRequest }),
  },
  responses: {
    200: {
      description: 'Send the `access_token` with every request until it expires',
      schema: tokenSchema,
      example: { access_token: 'bht_...', token_type: 'bearer', expires_in: 300, scope: 'system/*.read' },
    },
    400: {
      description: 'The request is wrong, or none of the requested scopes can be granted',
      schema: oauthErrorSchema,
      example: { error: 'invalid_scope', error_description: 'None of the requested scopes is granted.' },
    },
    401: {
      description: 'The client, its assertion or its secret was refused',
      schema: oauthErrorSchema,
      example: {
        error: 'invalid_client',
        error_description: 'The client assertion was rejected: kid is not among the keys of the client.',
      },
    },
  },
  errors: ['too-many-requests', 'unavailable', 'audit-unavailable', 'body-too-large'],
  async handler({ process, services, request, response }) {
    response.set('cache-control', 'no-store');
    try {
      const form = readForm(request.body);
      const audience = audienceOf(request, process);
      const { client, issued } = await services.backendClients.grant({
        form,
        audience,
        authorization: request.get('authorization'),
        admit: (admitted) => process.limits.countToken(admitted),
      });
      await services.audit.append({
        actor: { kind: 'client', id: client.id, name: client.name, role: 'client' },
        action: 'token.issue',
        target: {},
        outcome: 'success',
        ...sourceOf({ request, response }),
      });
      response.json(issued);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      if (error.status === 401) {
        await noteRefusal(request, process);
        // RFC 6749, section 5.2.
        response.set('www-authenticate', 'Basic realm="Bulkhead"');
      }
      response.status(error.status).json({ error: error.code, error_description: error.message });
    }
  },
});

/** @throws OAuthError if a parameter is sent twice, because another server may have read the other one (RFC 6749, section 3.2) */
function readForm(body: unknown): Record<string, string> {
  const sent = new URLSearchParams(typeof body === 'string' ? body : '');
  const form = Object.fromEntries(sent);
  if (Object.keys(form).length === sent.size) return form;
  throw new OAuthError({ code: 'invalid_request', text: 'A parameter is included more than once.' });
}

const localHosts = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * The URL that an assertion must be for. If it came from the `Host` of the request, another server could repeat an assertion here that it has
 * received itself.
 * @throws OAuthError if the URL is not known
 */
function audienceOf(request: Request, process: ProcessState): string {
  const origin = originOf(request, process);
  if (process.publicUrl !== undefined || localHosts.test(new URL(origin).hostname)) return origin + tokenPath;
  const text = 'Tokens need the URL of this API. An operator sets API_PUBLIC_URL, such as https://bulkhead.example.';
  throw new OAuthError({ code: 'invalid_request', text });
}

/** Like a refused API key. @throws AppError `too-many-requests` */
async function noteRefusal({ ip: address = '' }: Request, process: ProcessState): Promise<void> {
  const { code } = apiError('unauthenticated');
  process.refusedAttempts.note({ action: 'authenticate', address, code });
  await process.limits.countRefusal(address);
}

/** The other endpoints of the group are those of `serve`. */
export const tokenEndpoints = endpointGroup({ name: 'FHIR', description: '', endpoints: [issueToken] });
