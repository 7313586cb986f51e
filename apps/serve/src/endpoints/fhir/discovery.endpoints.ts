import { anyone, originOf, tokenPath } from '@bulkhead/http';
import { z } from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import { baseUrlOf } from '../../base-url.ts';
import { defineEndpoint } from '../../define-endpoint.ts';
import { fhirJson } from '../resources/fhir-answers.ts';
import { capabilityStatement, smartConfiguration } from './capability-statement.ts';
import { base } from './fhir-request.ts';

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
