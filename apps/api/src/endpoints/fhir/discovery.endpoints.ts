import { OAuthError } from '@bulkhead/fhir/bulk-server';
import { type Request, text } from 'express';
import { z } from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import { anyone, defineEndpoint, type ProcessState } from '../../http/define-endpoint.ts';
import { apiError } from '../../http/errors/errors.ts';
import { sourceOf } from '../../http/middleware/audit-trail.ts';
import { fhirJson } from '../resources/fhir-answers.ts';
import { capabilityStatement, smartConfiguration } from './capability-statement.ts';
import { base, baseUrlOf, originOf } from './fhir-request.ts';

const tokenPath = '/api/ehr/oauth/token';

export const readCapabilityStatement = defineEndpoint({
  id: 'readCapabilityStatement',
  route: `GET ${base}/metadata`,
  action: anyone,
  errorFormat: 'fhir',
  summary: 'Describe the FHIR base URL of a connection',
  description:
    'Returns a FHIR CapabilityStatement with the supported interactions, search parameters and operations. FHIR clients read it first. It needs no key and is the same for every connection, even for one that does not exist.',
  request: { ignoresOtherParameters: 'FHIR clients add parameters such as `_format` and `mode`.' },
  responses: {
    200: {
      description: 'What can be read here, and how',
      schema: z.looseObject({
        resourceType: z.literal('CapabilityStatement').describe('`CapabilityStatement`, as FHIR requires.'),
      }),
      contentType: fhirJson,
      example: { resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', fhirVersion: '4.0.1' },
    },
  },
  handler({ params, process, request, response }) {
    const baseUrl = baseUrlOf({ request, process, params });
    const tokenUrl = originOf(request, process) + tokenPath;
    const statement = capabilityStatement({ baseUrl, tokenUrl, version: manifest.version });
    response.set('content-type', fhirJson).send(JSON.stringify(statement));
  },
});

const smartSchema = z
  .looseObject({
    token_endpoint: z.string().describe('Where clients get tokens.'),
    grant_types_supported: z.array(z.string()).describe('`client_credentials`.'),
    token_endpoint_auth_methods_supported: z
      .array(z.string())
      .describe('`private_key_jwt`, and for clients with a secret `client_secret_basic` and `client_secret_post`.'),
    token_endpoint_auth_signing_alg_values_supported: z.array(z.string()).describe('`RS384` and `ES384`.'),
    scopes_supported: z.array(z.string()).describe('Examples of the scopes that can be granted.'),
    capabilities: z.array(z.string()).describe('The SMART capabilities.'),
  })
  .meta({ id: 'SmartConfiguration', description: 'SMART App Launch 2.2, "Backend Services".' });

export const readSmartConfiguration = defineEndpoint({
  id: 'readSmartConfiguration',
  route: `GET ${base}/.well-known/smart-configuration`,
  action: anyone,
  errorFormat: 'fhir',
  summary: 'Describe how backend clients get tokens',
  description:
    'Returns the SMART configuration of the FHIR base URL: the token endpoint, and the algorithms and scopes that it accepts. It needs no key.',
  responses: {
    200: {
      description: 'Where to send assertions, and which algorithms are accepted',
      schema: smartSchema,
      example: smartConfiguration({ tokenUrl: `https://bulkhead.example${tokenPath}` }),
    },
  },
  handler({ process, request, response }) {
    response.json(smartConfiguration({ tokenUrl: originOf(request, process) + tokenPath }));
  },
});

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

export const issueToken = defineEndpoint({
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
