import { invalidRequest } from '@bulkhead/base';
import { type ExportLevel, kickOffParameters, preferencesOf } from '@bulkhead/fhir/bulk-server';
import { type Caller, leftSignal, resourceActions, sendLines } from '@bulkhead/http';
import { connectionId as exampleConnectionId, later } from '@bulkhead/http/schemas';
import { resourceError } from '@bulkhead/records';
import { text } from 'express';
import { z } from 'zod';
import { type BaseParams, baseUrlOf } from '../../base-url.ts';
import { defineEndpoint, type HandlerInput } from '../../define-endpoint.ts';
import { fhirJson, ndjson, ndjsonTypes } from '../resources/fhir-answers.ts';
import { base, checkAccepts, checkScope, fhirEndpoint, selfOf } from './fhir-request.ts';

type Input<Params> = HandlerInput<Params, unknown, unknown, unknown, Caller>;

const listOf = (what: string) => z.string().optional().describe(what);
const kickOffQuery = z.strictObject({
  _outputFormat: listOf('`application/fhir+ndjson`, which is the default.'),
  _since: listOf(
    'Only what was stored, changed or deleted here at this time or later: the `transactionTime` of the last export.',
  ),
  _type: listOf('Only these resource types, separated by commas. Default: all that are stored.'),
  _elements: listOf('Only these elements and the mandatory ones. The resources have the tag SUBSETTED.'),
  _typeFilter: listOf(
    'Searches, such as `Observation?category=laboratory`. A resource of the type must match one of them.',
  ),
  includeAssociatedData: listOf(
    '`LatestProvenanceResources` or `RelevantProvenanceResources`: the stored Provenance resources are added to the types of `_type`.',
  ),
  patient: listOf('Exports only resources of these patients. Send it with POST. A system export does not accept it.'),
});

const kickOffErrors = [
  ...(['unknown-connection', 'history-expired', 'connection-purged'] as const),
  ...(['scope-not-sufficient', 'not-acceptable', 'unknown-resource'] as const),
] as const;

const parametersBody = {
  description: 'A Parameters resource with the parameters of the kick-off.',
  contentType: fhirJson,
  example: { resourceType: 'Parameters', parameter: [{ name: '_type', valueString: 'Patient' }] },
};
/** Some thousand patients. */
const maxKickOffBytes = '1mb';
const readText = text({ type: () => true, limit: maxKickOffBytes });

const kickOffResponses = {
  202: { description: 'The export was started. `Content-Location` is the URL of its status' },
};

const kickOffDescription =
  'Starts a FHIR Bulk Data export of what is stored. It needs `Prefer: respond-async` and is complete at once: read its status, then its files. With `Prefer: respond-async, handling=lenient`, parameters that are not supported are ignored and listed in the manifest. docs/how-to/serve-bulk-data.md shows how to connect a client.';
const kickOffEndpoint = {
  ...fhirEndpoint,
  action: resourceActions.search,
  description: kickOffDescription,
  responses: kickOffResponses,
  errors: kickOffErrors,
} as const;

/** A kick-off by GET, with the parameters in the query, and by POST, with the parameters in the body. */
function kickOffEndpoints<const Id extends string>(options: {
  readonly id: Id;
  readonly path: string;
  readonly what: string;
  readonly level: ExportLevel;
}) {
  const { id, path, what, level } = options;
  const handler = (input: Input<object>) => kickOff(input as Input<BaseParams>, level);
  return [
    defineEndpoint({
      ...kickOffEndpoint,
      id,
      route: `GET ${base}${path}/$export`,
      summary: `Export ${what}, for Bulk Data clients`,
      request: { searchQuery: kickOffQuery, readBody: 'never' },
      handler,
    }),
    defineEndpoint({
      ...kickOffEndpoint,
      id: `${id}ByPost`,
      route: `POST ${base}${path}/$export`,
      summary: `Export ${what}, with the parameters in the body`,
      request: { query: z.strictObject({}), body: parametersBody, readBody: readText },
      handler,
    }),
  ] as const;
}

async function kickOff(input: Input<BaseParams & { readonly groupId?: string }>, level: ExportLevel): Promise<void> {
  const { params, services, request, response } = input;
  const { isAsync, isLenient } = preferencesOf(request.get('prefer'));
  const faults = [
    ...(isAsync ? [] : [{ path: 'Prefer', message: 'must contain respond-async' }]),
    // "If omitted, the server MAY return an error" (FHIR Bulk Data 2.0.0, "Headers"): a client that forgets it gets errors that it cannot read.
    ...(request.headers.accept === undefined ? [{ path: 'Accept', message: `must be ${fhirJson}` }] : []),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
  checkAccepts(request, [fhirJson]);
  // The connection is the only group.
  if (params.groupId !== undefined && params.groupId !== params.connectionId)
    throw resourceError('unknown-resource', {
      message: `"Group/${params.groupId.slice(0, 100)}" does not exist here. The group of all patients is "Group/${params.connectionId}".`,
    });
  const self = selfOf(input);
  const body = typeof request.body === 'string' ? request.body : '';
  const parameters = kickOffParameters({ method: request.method, search: self.searchParams, body });
  if (!parameters) throw invalidRequest([{ path: 'body', message: 'must be a Parameters resource' }]);
  const id = await services.servedExports.kickOff({
    ...readerOf(input),
    level,
    parameters,
    isLenient,
    request: self.href,
    admit: ({ patients }) => input.process.limits.countKickOff(input.caller.apiKey, patients),
  });
  const { connectionId } = params;
  input.audit.addTarget({ connectionId, exportId: id });
  response
    .set('content-location', `${baseUrlOf(input)}/bulkstatus/${id}`)
    .status(202)
    .end();
}

const manifestSchema = z
  .strictObject({
    transactionTime: z
      .string()
      .describe(
        'Every change before this time is in the export, and later ones may be. Send it as `_since` the next time.',
      ),
    request: z.string().describe('The URL of the kick-off.'),
    requiresAccessToken: z.boolean().describe('`true`: send the token or the key with each file.'),
    ...Object.fromEntries(
      [
        [
          'output',
          'The files with resources of each type that has any. A type with more than 100,000 resources has several.',
        ],
        ['deleted', 'The file with the ids of deleted and erased resources. Empty without `_since`.'],
        ['error', 'The file with the parameters that were ignored.'],
      ].map(([name = '', description = '']) => [
        name,
        z
          .array(
            z.strictObject({
              type: z.string().describe('The type of the resources in the file.'),
              url: z.string().describe('The URL of the file.'),
              count: z
                .int()
                .optional()
                .describe('The number of lines. Absent if they are counted only when they are read.'),
            }),
          )
          .describe(description),
      ]),
    ),
  })
  .meta({ id: 'ExportManifest', description: 'The manifest of an export (FHIR Bulk Data 2.0.0).' });

const exampleBase = `https://bulkhead.example/api/ehr/athenahealth/fhir/${exampleConnectionId}`;
const exampleId = 'served_01a20ebbc9477ed4b36076ce74bec9ba';

/** The connection can have been deleted since the kick-off. */
const servedErrors = ['unknown-served-export', 'unknown-connection', 'connection-purged'] as const;

const readServedExport = defineEndpoint({
  id: 'readServedExport',
  route: `GET ${base}/bulkstatus/:id`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Return the manifest of an export, for Bulk Data clients',
  description:
    'Returns the URLs of the files. An export is complete at once, because its files are read from the database when they are requested. It can be read for a day, by the client that started it.',
  request: { query: z.strictObject({}), readBody: 'never' },
  responses: {
    200: {
      description: 'The manifest',
      schema: manifestSchema,
      example: {
        transactionTime: later,
        request: `${exampleBase}/$export`,
        requiresAccessToken: true,
        output: [{ type: 'Patient', url: `${exampleBase}/bulkdata/${exampleId}/Patient.ndjson` }],
        deleted: [],
        error: [],
      },
    },
  },
  errors: [...servedErrors, 'history-expired', 'not-acceptable'],
  async handler(input) {
    const { params, services, request, response } = input;
    checkAccepts(request, ['application/json', fhirJson]);
    const urlOf = (name: string) => `${baseUrlOf(input)}/bulkdata/${params.id}/${name}`;
    const { manifest, expiresAt } = await services.servedExports.manifest({ ...readerOf(input), id: params.id, urlOf });
    response.set('expires', expiresAt.toUTCString()).json(manifest);
  },
});

const deleteServedExport = defineEndpoint({
  id: 'deleteServedExport',
  route: `DELETE ${base}/bulkstatus/:id`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'End an export, for Bulk Data clients',
  description: 'Ends an export that the client has read. Its URLs get 404 from then on. No stored resource is deleted.',
  request: { query: z.strictObject({}), readBody: 'never' },
  responses: { 202: { description: 'The export was ended' } },
  errors: servedErrors,
  async handler(input) {
    await input.services.servedExports.delete({ ...readerOf(input), id: input.params.id });
    input.response.status(202).end();
  },
});

const readServedFile = defineEndpoint({
  id: 'readServedFile',
  route: `GET ${base}/bulkdata/:id/:name`,
  ...fhirEndpoint,
  action: resourceActions.search,
  summary: 'Read a file of an export, for Bulk Data clients',
  description:
    'Streams the resources of a type that were stored or changed at or after `_since`, one on each line. Those that have changed since `transactionTime` are also in the next export. The file is complete only if the connection is not closed before its end: read it again otherwise. Every read is an event of the audit log.',
  request: { query: z.strictObject({}), readBody: 'never' },
  responses: { 200: { description: 'One resource on each line', contentType: ndjson } },
  errors: [...servedErrors, 'history-expired', 'scope-not-sufficient', 'search-too-costly', 'not-acceptable'],
  async handler(input) {
    const { params, services, audit, request, response } = input;
    checkAccepts(request, [...ndjsonTypes, fhirJson, 'application/json']);
    const signal = leftSignal(response);
    const file = { id: params.id, name: params.name, base: baseUrlOf(input), signal };
    const { lines, patients } = await services.servedExports.readFile({ ...readerOf(input), ...file });
    audit.addPatients(patients);
    await sendLines({ lines, contentType: ndjson, response, signal, slots: input.process.downloads });
  },
});

function readerOf({ params, caller }: Pick<Input<BaseParams>, 'params' | 'caller'>) {
  const { provider, connectionId } = params;
  return {
    provider,
    connectionId,
    scope: caller.scope,
    clientId: caller.apiKey.id,
    checkType: (resourceType: string) => checkScope(caller, resourceType, 's'),
  };
}

export const exportEndpoints = [
  ...kickOffEndpoints({ id: 'exportSystem', path: '', what: 'everything of a connection', level: 'system' }),
  ...kickOffEndpoints({
    id: 'exportPatients',
    path: '/Patient',
    what: 'all patients of a connection',
    level: 'patient',
  }),
  ...kickOffEndpoints({
    id: 'exportGroup',
    path: '/Group/:groupId',
    what: 'the group of all patients of a connection',
    level: 'group',
  }),
  readServedExport,
  deleteServedExport,
  readServedFile,
] as const;
