import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { headersTooLarge, toErrorBody } from '../answer-error.ts';
import { errorSchema } from '../common.schema.ts';
import type { Endpoint, EndpointGroup, ResponseDescription } from '../define-endpoint.ts';
import { operationOutcomeSchema, toOperationOutcome } from '../errors/fhir-outcome.ts';
import { type HttpErrorCode, statusOf } from '../errors/http-errors.ts';
import { idempotencyHeader } from '../idempotency.ts';
import { isServed } from '../served.ts';
import { errorExamplesOf } from './error-examples.ts';
import { headerComponents, responseHeaders } from './response-headers.ts';

const purpose = "Exports a practice's complete patient records from athenahealth and keeps them up to date in MongoDB.";

export type ApiDocument = ReturnType<typeof createDocument>;

/** Describes the endpoints of a program as OpenAPI 3.1, from the schemas that validate its requests. */
export function createApiDocument({
  groups,
  introduction,
  webhooks,
}: {
  readonly groups: readonly EndpointGroup[];
  /** Markdown, before the operations. */
  readonly introduction?: string;
  /** What the program sends. */
  readonly webhooks?: ZodOpenApiPathsObject;
}): ApiDocument {
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'Bulkhead',
      version: '0.1.0',
      description: [purpose, introduction ?? []].flat().join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: groups.map(({ name, description }) => ({ name, description })),
    security: [{ apiKey: [] }],
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key, sent as `Authorization: Bearer <key>`. A browser that is logged in sends a cookie instead.',
        },
      },
      headers: headerComponents,
    },
    paths: toPaths(groups),
    ...(webhooks ? { webhooks } : {}),
  };
  const created = createDocument(document);
  allowNewFields(created.components?.schemas);
  allowNewFields(created.webhooks);
  for (const path of Object.values(created.paths ?? {}))
    for (const operation of Object.values(path)) allowNewFields((operation as { responses?: unknown }).responses);
  return created;
}

/** A later version can add fields to what is sent to clients, so their programs must not refuse such fields. */
function allowNewFields(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if ('additionalProperties' in node && node.additionalProperties === false) delete node.additionalProperties;
  for (const part of Object.values(node)) allowNewFields(part);
}

function toPaths(groups: readonly EndpointGroup[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { name, endpoints } of groups) {
    for (const endpoint of endpoints) {
      const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [endpoint.method]: { tags: [name], ...toOperation(endpoint) } };
    }
  }
  return paths;
}

function toOperation(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { id, summary, description, access, request, responses } = endpoint;
  const { headers, body } = request;
  const header = endpoint.idempotency ? idempotencyHeader.extend(headers?.shape ?? {}) : headers;
  const query = request.query ?? request.searchQuery;
  const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const path = z.object(
    Object.fromEntries(names.map((name) => [name, z.string().meta(pathParameter(endpoint.path, name))])),
  );
  return {
    operationId: id,
    summary,
    description,
    ...(access === 'anyone' ? { security: [] } : {}),
    requestParams: {
      ...(names.length > 0 ? { path } : {}),
      ...(query ? { query } : {}),
      ...(header ? { header } : {}),
    },
    ...(body ? { requestBody: toBody(body) } : {}),
    responses: {
      ...toErrors(endpoint),
      // Last, because an endpoint can have errors of another shape.
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [
          status,
          { ...toResponse(endpoint, response), headers: responseHeaders(endpoint, Number(status)) },
        ]),
      ),
      // Sent by the HTTP server itself: see `httpLimits`.
      '431': {
        description: 'The URL and the headers are larger than 16 KB',
        content: { 'application/json': { schema: errorSchema, example: toErrorBody(headersTooLarge.message) } },
      },
    },
  };
}

/** The parameters of paths, by the part of the path that ends with them. */
const pathParameters: Readonly<Record<string, string>> = {
  'ehr/:provider':
    'The EHR vendor of the connection. `-` stands for any vendor: ids are unique, and lists contain the records of all vendors. `GET /api/ehr/providers` lists the vendors.',
  'bulk-export/:jobId': 'The id of an export, which begins with `job_`.',
  'sync-runs/:id': 'The id of a sync run, which begins with `sync_`.',
  'connections/:id': 'The id of a connection, which begins with `conn_`.',
  'patients/:patientId': 'The id of a patient at the EHR, without `Patient/`.',
  'kept-out-patients/:patientId': 'The id of a patient at the EHR, without `Patient/`.',
  'erasures/:id': 'The id of an erasure, which begins with `erase_`.',
  'schedules/:id': 'The id of a schedule, which begins with `sched_`.',
  'fhir/:connectionId': 'The id of a connection, which begins with `conn_`.',
  'fhir/:connectionId/:type': 'A FHIR resource type, such as `Observation`.',
  'fhir/:connectionId/:compartment': '`Patient`, the only compartment.',
  ':compartment/:id': 'The id of a patient at the EHR.',
  ':compartment/:id/:type': 'A FHIR resource type, such as `Observation`.',
  'Patient/:id': 'The id of a patient at the EHR.',
  'Group/:id': 'The id of the connection, or of a stored group.',
  'Binary/:id': 'The id in the URL of an attachment, which ends with `Binary/` and the id.',
  '_history/:version': 'The version id of the EHR, as in `ETag`.',
  'Group/:groupId': 'The id of the connection: its patients are the group.',
  'bulkstatus/:id': 'The id of an export, from `Content-Location`.',
  'bulkdata/:id': 'The id of an export, from `Content-Location`.',
  'bulkdata/:id/:name': 'The name of a file, from the manifest.',
  'resources/:type': 'A FHIR resource type, such as `Observation`.',
  ':type/:id': 'The id of a resource at the EHR.',
  'tables/:view': 'The name of a view, such as `patient`. `GET .../tables` lists the views.',
  'documents/:id': 'The id of a document, which begins with `doc_`.',
  'quarantine/:id': 'The id of a line in the quarantine.',
  'webhook-deliveries/:id': 'The id of a webhook delivery.',
  'cohorts/:name': 'The name of a cohort, which is unique in its connection.',
  'providers/:id': 'The id of a provider, such as `athenahealth`.',
  'api-keys/:id': 'The public id of an API key, which begins with `key_`.',
  'sessions/:id': 'The id of a session, as in the list of sessions.',
  'clients/:id': 'The `client_id`, which begins with `client_`.',
  'secrets/:secretId': 'The id of a secret, which begins with `secret_`.',
  'signing-keys/:kid': 'The id of a signing key, its `kid`.',
};

function pathParameter(path: string, name: string) {
  const part = Object.keys(pathParameters).find(
    (ending) => `${path}/`.includes(`${ending}/`) && ending.endsWith(`:${name}`),
  );
  if (part === undefined) throw new Error(`The parameter ${name} of ${path} has no description in \`pathParameters\`.`);
  return { description: pathParameters[part], ...(name === 'provider' ? { example: 'athenahealth' } : {}) };
}

function toBody({ schema, description, example, contentType = 'application/json', isOptional }: BodyOf) {
  return {
    required: !isOptional,
    description: description ?? schema?.description ?? 'Nothing is read from the body. It can be left out.',
    content: { [contentType]: { schema: schema ?? z.unknown(), ...(example === undefined ? {} : { example }) } },
  };
}
type BodyOf = NonNullable<Endpoint['request']['body']>;

/** The page that a browser gets instead of JSON. */
function pageOf({ errorPage }: Endpoint) {
  return errorPage ? { 'text/html': {} } : {};
}

function toResponse(endpoint: Endpoint, response: ResponseDescription) {
  const { description, schema, contentType = 'application/json', otherContentType, example } = response;
  if (!schema && contentType === 'application/json') return { description };
  const isEnveloped = schema instanceof z.ZodObject && 'success' in schema.shape;
  const body = isEnveloped ? { success: true, data: example } : example;
  return {
    description,
    content: {
      [contentType]: { ...(schema ? { schema } : {}), ...(example === undefined ? {} : { example: body }) },
      ...(otherContentType === undefined ? {} : { [otherContentType]: {} }),
      ...pageOf(endpoint),
    },
  };
}

/** The error responses by status, with an example of each code. */
function toErrors(endpoint: Endpoint) {
  const byStatus = Map.groupBy(errorCodes(endpoint), statusOf);
  const entries = [...byStatus].sort(([left], [right]) => left - right);
  return Object.fromEntries(
    entries.map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        headers: responseHeaders(endpoint, status),
        content: {
          ...(endpoint.errorFormat === 'fhir'
            ? { 'application/fhir+json': { schema: operationOutcomeSchema, examples: examplesOf(codes, endpoint) } }
            : { 'application/json': { schema: errorSchema, examples: examplesOf(codes, endpoint) } }),
          ...pageOf(endpoint),
        },
      },
    ]),
  );
}

function examplesOf(codes: readonly HttpErrorCode[], endpoint: Endpoint) {
  return Object.fromEntries(codes.flatMap((code) => toExamples(code, endpoint)));
}

/** Examples by name: the code, with a number if there are several. */
function toExamples(code: HttpErrorCode, endpoint: Endpoint) {
  return errorExamplesOf(code, endpoint).map(({ message, details }, index) => {
    const name = index === 0 ? code : `${code}-${index + 1}`;
    const error = { code, message, ...(details === undefined ? {} : { details }) };
    const value =
      endpoint.errorFormat === 'fhir' ? toOperationOutcome(error, statusOf(code)) : { success: false, error };
    return [name, { summary: code, value }] as const;
  });
}

/** The codes of the endpoint, and codes that end a request before its handler: of the key, the address, the body and the database. */
export function errorCodes({ method, path, access, errors, idempotency }: Endpoint): HttpErrorCode[] {
  const away = isServed(path) ? (['serving-unavailable'] as const) : [];
  if (access === 'anyone') return [...new Set([...errors, ...away, 'invalid-request' as const])];
  return [
    ...errors,
    'invalid-request',
    ...(path.includes('/:provider/') ? (['unknown-provider'] as const) : []),
    // The body is read before the endpoint is looked up.
    ...(method !== 'get' ? (['not-json', 'body-too-large'] as const) : []),
    'unauthenticated',
    'api-key-expired',
    'api-key-revoked',
    ...(access === 'operator' ? (['forbidden'] as const) : []),
    ...(idempotency ? (['idempotency-key-reused'] as const) : []),
    ...(idempotency === 'answer' || idempotency === 'secret' ? (['idempotency-key-in-use'] as const) : []),
    ...(idempotency === 'secret' ? (['answer-not-repeated'] as const) : []),
    // These are for browsers that are logged in.
    ...(method !== 'get' ? (['cross-site-request', 'role-not-sufficient'] as const) : []),
    'too-many-requests',
    'unavailable',
    'audit-unavailable',
    ...away,
  ];
}
