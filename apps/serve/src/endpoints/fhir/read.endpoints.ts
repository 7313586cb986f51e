import { searchParameterNames } from '@bulkhead/fhir';
import { ignoredIssue, preferencesOf } from '@bulkhead/fhir/bulk-server';
import { type Caller, leftSignal, resourceActions } from '@bulkhead/http';
import { instant } from '@bulkhead/http/schemas';
import { text } from 'express';
import { z } from 'zod';
import { type BaseParams, baseUrlOf } from '../../base-url.ts';
import { defineEndpoint, type HandlerInput } from '../../define-endpoint.ts';
import { headersSchema as contentHeaders, sendContent } from '../documents/read-document.endpoint.ts';
import {
  fhirJson,
  pageCount,
  pageCursor,
  resourceExample,
  resourceSchema,
  sendFhir,
} from '../resources/fhir-answers.ts';
import { historyExample, historySchema } from '../resources/resource-history.endpoint.ts';
import { searchQueryShape, searchsetExample, searchsetSchema } from '../resources/search-resources.endpoint.ts';
import {
  base,
  checkAccepts,
  checkScope,
  fhirEndpoint,
  formatShape,
  isAllowed,
  selfOf,
  withoutFormat,
} from './fhir-request.ts';

type Input<Params, Query = unknown> = HandlerInput<Params, Query, unknown, unknown, Caller>;
type TypeParams = BaseParams & { readonly type: string };
type InstanceParams = TypeParams & { readonly id: string };

const formatQuery = z.strictObject(formatShape);
export const bundleErrors = [
  'unknown-connection',
  'unknown-resource',
  'scope-not-sufficient',
  'not-acceptable',
] as const;

export const readFhirResource = defineEndpoint({
  id: 'readFhirResource',
  route: `GET ${base}/:type/:id`,
  ...fhirEndpoint,
  action: resourceActions.read,
  summary: 'Read a resource, for FHIR clients',
  description:
    'Returns the stored version with `ETag` and `Last-Modified`, the time at which it was stored. With `If-None-Match` or `If-Modified-Since`, an unchanged resource gets 304 without content.',
  request: { query: formatQuery, readBody: 'never' },
  responses: {
    200: { description: 'The stored version', schema: resourceSchema, contentType: fhirJson, example: resourceExample },
    304: { description: 'The resource is unchanged' },
  },
  errors: [...bundleErrors, 'resource-deleted'],
  handler: (input) => sendResource(input),
});

export const readFhirBinary = defineEndpoint({
  id: 'readFhirBinary',
  route: `GET ${base}/Binary/:id`,
  ...fhirEndpoint,
  action: resourceActions.read,
  summary: 'Read the content of an attachment, for FHIR clients',
  description:
    'Returns the stored bytes of the attachment whose URL is that of this Binary at the EHR, so that clients can follow `Binary/...` in a DocumentReference. It supports `Range` and `If-None-Match`. With `Accept: application/fhir+json`, and without such an attachment, it returns the stored Binary resource.',
  request: { query: formatQuery, headers: contentHeaders, readBody: 'never' },
  responses: {
    200: { description: 'The content, or the Binary resource', contentType: '*/*' },
    206: { description: 'The part that `Range` requests', contentType: '*/*' },
    304: { description: 'The content matches `If-None-Match`' },
  },
  errors: [...bundleErrors, 'resource-deleted', 'document-not-stored', 'document-deleted', 'range-not-satisfiable'],
  async handler(input) {
    const { params, caller, services, request } = input;
    const { provider, connectionId, id: binaryId } = params;
    checkScope(caller, 'Binary', 'r');
    // https://hl7.org/fhir/R4/binary.html#rest
    const wantsResource = /\bjson\b/.test(request.get('accept') ?? '');
    const document = wantsResource
      ? undefined
      : await services.documents.findBinary({ provider, connectionId, binaryId, scope: caller.scope });
    if (document) await sendContent({ ...input, document });
    else await sendResource({ ...input, params: { ...params, type: 'Binary' } });
  },
});

export const readFhirVersion = defineEndpoint({
  id: 'readFhirVersion',
  route: `GET ${base}/:type/:id/_history/:version`,
  ...fhirEndpoint,
  action: resourceActions.read,
  summary: 'Read a version of a resource, for FHIR clients',
  description: 'Returns the stored version if it has this id. Only one version of each resource is stored.',
  request: { query: formatQuery, readBody: 'never' },
  responses: {
    200: {
      description: 'The stored version, if it has the requested id',
      schema: resourceSchema,
      contentType: fhirJson,
      example: resourceExample,
    },
  },
  errors: [...bundleErrors, 'resource-deleted'],
  handler: (input) => sendResource(input, input.params.version),
});

export async function sendResource(input: Input<InstanceParams>, version?: string): Promise<void> {
  const { params, caller, services, audit, request, response } = input;
  checkAccepts(request, [fhirJson, 'application/json']);
  checkScope(caller, params.type, 'r');
  if (params.type === 'Patient') audit.addPatients([params.id]);
  const base = baseUrlOf(input);
  const resource = await services.resources.read({ ...referenceOf(input), resourceId: params.id, version, base });
  response.set({ etag: `W/"${resource.tag}"`, 'last-modified': resource.changedAt.toUTCString() });
  // Express compares the headers of the request.
  if (version === undefined && request.fresh) response.status(304).end();
  else sendFhir(resource, { audit, response });
}

export const readFhirInstanceHistory = defineEndpoint({
  id: 'readFhirInstanceHistory',
  route: `GET ${base}/:type/:id/_history`,
  ...fhirEndpoint,
  action: resourceActions.read,
  summary: 'Read the history of a resource, for FHIR clients',
  description:
    'Returns a history Bundle with the stored version, or with the deletion. Earlier versions are not stored.',
  request: {
    query: z.strictObject({
      ...formatShape,
      _since: instant
        .optional()
        .describe('Only if the version was stored here at this time or later. Default: always.'),
      _count: pageCount.optional().describe('Accepted, and without an effect, because there is one version.'),
    }),
    readBody: 'never',
  },
  responses: {
    200: {
      description: 'A history of one version',
      schema: historySchema,
      contentType: fhirJson,
      example: historyExample,
    },
  },
  errors: bundleErrors,
  async handler(input) {
    const { params, query, process, caller, services, audit, request, response } = input;
    checkAccepts(request, [fhirJson, 'application/json']);
    checkScope(caller, params.type, 'r');
    const since = query._since === undefined ? undefined : new Date(query._since);
    const page = { address: selfOf(input), base: baseUrlOf({ request, process, params }) };
    const reference = { ...referenceOf(input), resourceId: params.id, since };
    sendFhir(await services.resources.instanceHistory({ ...reference, ...page }), { audit, response });
  },
});

const historyQuery = z.strictObject({
  ...formatShape,
  _since: instant.optional().describe('Only changes that were stored here at this time or later. Default: all.'),
  _count: pageCount.default(100).describe('The number of changes on the page. A page can have slightly more.'),
  _cursor: pageCursor,
});

const historyErrors = [...bundleErrors, 'history-expired', 'connection-purged'] as const;
const historyResponses = {
  200: { description: 'A page of changes', schema: historySchema, contentType: fhirJson, example: historyExample },
};

export const readFhirTypeHistory = defineEndpoint({
  id: 'readFhirTypeHistory',
  route: `GET ${base}/:type/_history`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'List the changes of a type, for FHIR clients',
  description:
    'Returns what was stored, changed or deleted since a time, the newest first, as a history Bundle. Each resource is listed with its stored version. The changes of the last two minutes are listed again by the next history.',
  request: { query: historyQuery, readBody: 'never' },
  responses: historyResponses,
  errors: historyErrors,
  async handler(input) {
    const { params, query, process, caller, services, audit, request, response } = input;
    checkScope(caller, params.type, 's');
    const since = query._since === undefined ? undefined : new Date(query._since);
    const page = {
      since,
      count: query._count,
      cursor: query._cursor,
      ...pageOf({ request, response, process, params }),
    };
    await sendPage(
      input,
      services.resources.history({ ...referenceOf(input), keyId: caller.apiKey.id, ...page }),
      audit,
    );
  },
});

export const readFhirHistory = defineEndpoint({
  id: 'readFhirHistory',
  route: `GET ${base}/_history`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'List the changes of all types, for FHIR clients',
  description:
    'Returns what was stored, changed or deleted since a time, the oldest first, as a history Bundle. `_type` chooses types.',
  request: {
    query: historyQuery.extend({
      _type: z.string().min(1).max(2000).optional().describe('Only these types, separated by commas. Default: all.'),
    }),
    readBody: 'never',
  },
  responses: historyResponses,
  errors: historyErrors,
  async handler(input) {
    const { params, query, process, caller, services, audit, request, response } = input;
    const types = query._type === undefined ? undefined : [...new Set(query._type.split(','))];
    // Without types, all of them are read.
    for (const type of types ?? ['*']) checkScope(caller, type, 's');
    const since = query._since === undefined ? undefined : new Date(query._since);
    const page = {
      since,
      count: query._count,
      cursor: query._cursor,
      ...pageOf({ request, response, process, params }),
    };
    const { provider, connectionId } = params;
    const reference = { provider, connectionId, scope: caller.scope, keyId: caller.apiKey.id };
    await sendPage(input, services.resources.changes({ ...reference, resourceTypes: types, ...page }), audit);
  },
});

export const searchQuery = z.strictObject({ ...formatShape, ...searchQueryShape });
const searchResponses = {
  200: { description: 'A page of matches', schema: searchsetSchema, contentType: fhirJson, example: searchsetExample },
};
const searchErrors = [...bundleErrors, 'search-too-costly'] as const;

export const searchFhir = defineEndpoint({
  id: 'searchFhir',
  route: `GET ${base}/:type`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Search resources of a type, for FHIR clients',
  description:
    'Returns a page of matches as a searchset Bundle, whose links and `fullUrl`s are below this FHIR base URL. A parameter that is not supported is refused, or with `Prefer: handling=lenient` ignored and listed in an OperationOutcome of the page.',
  request: { searchQuery, readBody: 'never' },
  responses: searchResponses,
  errors: searchErrors,
  handler: (input) => search(input, new URLSearchParams(selfOf(input).search)),
});

/** Far more than a URL can have. */
const maxSearchBytes = '100kb';

export const searchFhirByPost = defineEndpoint({
  id: 'searchFhirByPost',
  route: `POST ${base}/:type/_search`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Search resources of a type with the parameters in a form, for FHIR clients',
  description:
    'The same as the search with GET, for long parameters, and for those that must not be in the log of a proxy.',
  request: {
    searchQuery,
    body: {
      description: 'The parameters of the search, as a form.',
      contentType: 'application/x-www-form-urlencoded',
      example: 'patient=p1&_count=10',
    },
    readBody: text({ type: 'application/x-www-form-urlencoded', limit: maxSearchBytes }),
  },
  responses: searchResponses,
  errors: searchErrors,
  async handler(input) {
    const { request, audit } = input;
    const parameters = new URLSearchParams(selfOf(input).search);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    for (const [name, value] of form) parameters.append(name, value);
    audit.parameters = [...new Set([...audit.parameters, ...form.keys()])].toSorted().slice(0, 50);
    await search(input, parameters);
  },
});

/** They are accepted, and not part of the search. */
const otherParameters = Object.keys(formatShape);

/**
 * @param options.patient only in the record of this patient
 * @param options.change changes the page, which is JSON
 */
export async function search(
  input: Input<TypeParams>,
  sent: URLSearchParams,
  {
    patient,
    change = (page) => page,
  }: {
    readonly patient?: { readonly id: string; readonly showsAbsence: boolean };
    readonly change?: ((page: string) => string) | undefined;
  } = {},
): Promise<void> {
  const { params, process, caller, services, audit, request, response } = input;
  checkScope(caller, params.type, 's');
  const { isLenient } = preferencesOf(request.get('prefer'));
  const known = withoutFormat(sent);
  const { parameters, outcome } = isLenient
    ? withoutUnknown(known, params.type)
    : { parameters: known, outcome: undefined };
  const page = pageOf({ request, response, process, params });
  const mayInclude = (type: string) => isAllowed(caller, type, 'r');
  const record = patient === undefined ? '' : `/Patient/${encodeURIComponent(patient.id)}`;
  // The links of a search by POST are those of the same search by GET.
  const address = new URL(`${page.base}${record}/${params.type}?${sent}`);
  const options = { ...referenceOf(input), parameters, otherParameters, mayInclude, outcome, ...page, address };
  const { resources } = services;
  const found =
    patient === undefined
      ? resources.search(options)
      : resources.searchOfPatient({ ...options, patientId: patient.id, showsAbsence: patient.showsAbsence });
  const changed = found.then((shown) => ({ ...shown, text: change(shown.text) }));
  await sendPage(input, changed, audit);
}

/** Takes out the parameters that are not supported (https://hl7.org/fhir/R4/search.html#errors), and lists them in an OperationOutcome. */
function withoutUnknown(sent: URLSearchParams, type: string) {
  const names = searchParameterNames(type);
  const ignored = [...new Set(sent.keys())].filter((name) => !names.includes(name));
  const parameters = new URLSearchParams([...sent].filter(([name]) => names.includes(name)));
  if (ignored.length === 0) return { parameters, outcome: undefined };
  const issue = ignored.map(ignoredIssue);
  return { parameters, outcome: JSON.stringify({ resourceType: 'OperationOutcome', id: 'ignored', issue }) };
}

export async function sendPage(
  { request, response }: Pick<Input<unknown>, 'request' | 'response'>,
  page: Promise<Parameters<typeof sendFhir>[0]>,
  audit: Parameters<typeof sendFhir>[1]['audit'],
): Promise<void> {
  checkAccepts(request, [fhirJson, 'application/json']);
  sendFhir(await page, { audit, response });
}

export function pageOf(
  options: Pick<Input<TypeParams>, 'request' | 'response' | 'process'> & { readonly params: Omit<TypeParams, 'type'> },
) {
  return { address: selfOf(options), base: baseUrlOf(options), signal: leftSignal(options.response) };
}

function referenceOf({ params, caller }: Pick<Input<TypeParams>, 'params' | 'caller'>) {
  const { provider, connectionId, type: resourceType } = params;
  return { provider, connectionId, resourceType, scope: caller.scope };
}
