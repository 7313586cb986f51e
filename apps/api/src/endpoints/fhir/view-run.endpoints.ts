import { invalidRequest, parseRequest } from '@bulkhead/base';
import { resourceError } from '@bulkhead/records';
import { formatNames, type TableFormat, tableError, tableFormats } from '@bulkhead/serving/tables';
import { type Request, raw } from 'express';
import { z } from 'zod';
import { defineEndpoint, type HandlerInput } from '../../http/define-endpoint.ts';
import type { Caller } from '../../http/middleware/caller-of.ts';
import { instant } from '../common.schema.ts';
import { fhirJson } from '../resources/fhir-answers.ts';
import { sendTable } from '../tables/send-table.ts';
import { maxViewBytes, readViewJson } from '../tables/table.endpoints.ts';
import { viewExample } from '../tables/table.examples.ts';
import { base, checkAccepts, checkScope, fhirEndpoint } from './fhir-request.ts';

/*
 * `$viewdefinition-run` of SQL on FHIR (https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/OperationDefinition-ViewDefinitionRun.html), at the levels
 * of the system and the type. A table has the columns of the view, and a view of a caller the budget that it has with
 * `POST /tables`. `$sql-run` of the ballot of version 3 is missing: it runs SQL, for which the API would need an engine that can be stopped.
 */

interface BaseParams {
  readonly provider: string;
  readonly connectionId: string;
}
type Input = HandlerInput<BaseParams, unknown, unknown, unknown, Caller>;

/** The formats by their types in `Accept`. `_format` can also have their names. */
const formatsByType = new Map(
  formatNames.map((name) => [tableFormats[name].contentType.replace(/;.*/, ''), name] as const),
);
const acceptedTypes = [...formatsByType.keys(), fhirJson, 'application/octet-stream'];

const reference = z.string().max(2000);
const parametersSchema = z.strictObject({
  _format: z
    .enum([...formatNames, ...formatsByType.keys()], `must be one of ${formatNames.join(', ')}`)
    .optional()
    .describe('`ndjson` (default), `json`, `csv` or `parquet`. Without it, `Accept` decides.'),
  header: z
    .enum(['true', 'false'])
    .optional()
    .describe('Whether a CSV begins with the names of its columns. Default: `true`.'),
  viewReference: reference.optional().describe('`ViewDefinition/` and the name of a published view.'),
  patient: reference.optional().describe('Only resources of this patient: `Patient/` and an id, or an id.'),
  group: reference.optional().describe('`Group/` and the id of the connection: all patients. There is no other group.'),
  _limit: z.coerce.number().int().min(1).max(1_000_000_000).optional().describe('The table ends after so many rows.'),
  _since: instant
    .optional()
    .describe('Only resources whose `meta.lastUpdated` is this time or later. Deletions are in tables with `_since`.'),
});

const errors = [
  'unknown-connection',
  'connection-purged',
  'scope-not-sufficient',
  'not-acceptable',
  'search-too-costly',
  'unknown-view',
  'unknown-resource',
  'invalid-view',
  'view-failed',
  'view-too-costly',
] as const;

const runEndpoint = {
  ...fhirEndpoint,
  action: 'table.search',
  description:
    'Makes the rows of a view while they are sent: of stored resources, or of those in `resource`. Its view is a published one (`viewReference`), or your own (`viewResource`), with the same limits as `POST /api/ehr/{provider}/tables`. The columns are those of the view. docs/tables.md describes views and formats.',
  responses: {
    200: {
      description: 'The table, as it is made. It is complete only if the connection is not closed before its end',
      contentType: tableFormats.ndjson.contentType,
      example: '{"patient_id":"a-195900.E-1","last_name":"Doe"}\n',
    },
  },
  errors,
} as const;
const byPost = {
  searchQuery: parametersSchema,
  body: {
    description: `A Parameters resource of at most ${maxViewBytes}. \`viewResource\` has a ViewDefinition, and each \`resource\` a resource. The others can also be in the URL.`,
    contentType: fhirJson,
    example: {
      resourceType: 'Parameters',
      parameter: [
        { name: '_format', valueCode: 'ndjson' },
        { name: 'viewResource', resource: viewExample },
      ],
    },
  },
  // Bytes and not JSON: parsing would change the text of numbers.
  readBody: raw({ type: () => true, limit: maxViewBytes }),
} as const;

const runView = defineEndpoint({
  ...runEndpoint,
  id: 'runView',
  route: `POST ${base}/$viewdefinition-run`,
  summary: 'Run a view of SQL on FHIR',
  request: byPost,
  handler: run,
});

const runViewOfType = defineEndpoint({
  ...runEndpoint,
  id: 'runViewOfType',
  route: `POST ${base}/ViewDefinition/$viewdefinition-run`,
  summary: 'Run a view of SQL on FHIR, at the level of the type',
  request: byPost,
  handler: run,
});

async function run(input: Input): Promise<void> {
  const { params, caller, request } = input;
  const { provider, connectionId } = params;
  const sent = readRunParameters(request.body);
  const query = readValues(request, sent.values);
  const format = formatOf(request, query._format);
  if (query.group !== undefined && idIn(query.group, 'Group') !== connectionId)
    throw resourceError('unknown-resource', {
      message: `"${query.group.slice(0, 100)}" does not exist here. The group of all patients is "Group/${connectionId}".`,
    });
  const view = viewOf({ reference: query.viewReference, resource: sent.view });
  const parameters = new URLSearchParams();
  if (query.patient !== undefined) parameters.set('patient', idIn(query.patient, 'Patient'));
  if (query._since !== undefined) parameters.set('_lastUpdated', `ge${query._since}`);
  const resources = sent.resources.length > 0 ? sent.resources : undefined;
  if (resources && parameters.size > 0)
    throw invalidRequest([{ path: 'resource', message: 'cannot be combined with `patient` or `_since`' }]);
  await sendTable(input, {
    provider,
    view,
    connectionIds: [connectionId],
    format,
    quotesFormulas: false,
    since: undefined,
    limit: query._limit,
    parameters,
    operation: {
      resources,
      hasHeader: query.header !== 'false',
      checkType: (resourceType) => checkScope(caller, resourceType, 's'),
    },
  });
}

/** @throws AppError `invalid-request`, `unknown-view` */
function viewOf(options: {
  readonly reference: string | undefined;
  readonly resource: object | undefined;
}): string | object {
  const { reference, resource } = options;
  if ((reference === undefined) === (resource === undefined))
    throw invalidRequest([{ path: 'viewResource', message: 'must be there, or `viewReference`, and not both' }]);
  if (resource) return resource;
  const name = idIn(reference ?? '', 'ViewDefinition');
  if (name === '') throw tableError('unknown-view');
  return name;
}

/** The id in `Type/id`, also at the end of a URL. */
function idIn(reference: string, type: string): string {
  const prefix = `${type}/`;
  const start = reference.lastIndexOf(prefix);
  return start === -1 ? reference : reference.slice(start + prefix.length);
}

function formatOf(request: Request, name: string | undefined): TableFormat {
  if (name !== undefined) return formatsByType.get(name) ?? (name as TableFormat);
  checkAccepts(request, acceptedTypes);
  const preferred = request.accepts(acceptedTypes);
  // Without a preference, and for clients that accept FHIR, rows come as they are made.
  const isAny = /\*\/\*/.test(request.headers.accept ?? '*/*');
  return isAny || preferred === false ? 'ndjson' : (formatsByType.get(preferred) ?? 'ndjson');
}

/** The values of the URL and of the body. @throws AppError `invalid-request` */
function readValues(request: Request, values: readonly (readonly [string, string])[]) {
  const { searchParams } = new URL(request.originalUrl, 'http://localhost');
  const all = [...searchParams, ...values];
  const names = all.map(([name]) => name);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const unknown = new Set(names.filter((name) => !Object.hasOwn(parametersSchema.shape, name)));
  const supported = `viewResource, resource, ${Object.keys(parametersSchema.shape).join(', ')}`;
  const faults = [
    ...[...unknown].map((path) => ({ path, message: `is not supported. Supported parameters: ${supported}` })),
    ...[...repeated].map((path) => ({ path, message: 'can be sent once' })),
  ];
  if (faults.length > 0) throw invalidRequest(faults.slice(0, maxFaults));
  return parseRequest(parametersSchema, Object.fromEntries(all));
}

/** More faults help no reader. */
const maxFaults = 20;
/** A request has a few parameters, and each resource is one. */
const maxParameters = 1000;

interface RunParameters {
  readonly view: object | undefined;
  readonly resources: readonly object[];
  /** Parameters with a value, as texts. */
  readonly values: readonly (readonly [string, string])[];
}

/** @param body if it is undefined or empty, there are no parameters. @throws AppError `not-json`, `invalid-request` */
export function readRunParameters(body: Buffer | undefined): RunParameters {
  const none: RunParameters = { view: undefined, resources: [], values: [] };
  if (!Buffer.isBuffer(body) || body.length === 0) return none;
  const { resourceType, parameter = [] } = readViewJson(body) as { resourceType?: unknown; parameter?: unknown };
  if (resourceType !== 'Parameters' || !Array.isArray(parameter))
    throw invalidRequest([{ path: 'body', message: 'must be a Parameters resource' }]);
  if (parameter.length > maxParameters)
    throw invalidRequest([{ path: 'parameter', message: `must have at most ${maxParameters} entries` }]);
  const entries = parameter.map((entry, index) => readEntry(entry, `parameter.${index}`));
  const views = entries.filter(({ name }) => name === 'viewResource');
  if (views.length > 1) throw invalidRequest([{ path: 'viewResource', message: 'can be sent once' }]);
  return {
    view: views[0]?.resource,
    resources: entries.flatMap(({ name, resource }) => (name === 'resource' && resource ? [resource] : [])),
    values: entries.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  };
}

interface Entry {
  readonly name: string;
  readonly resource?: object;
  readonly value?: string;
}

/** @throws AppError `invalid-request` */
function readEntry(entry: unknown, path: string): Entry {
  const fault = (message: string) => invalidRequest([{ path, message }]);
  const { name, resource, ...values } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') throw fault('must have a name');
  if (name === 'viewResource' || name === 'resource') {
    if (typeof resource !== 'object' || resource === null) throw fault('must have a `resource`');
    return { name, resource };
  }
  const [[field, value] = ['', undefined], ...others] = Object.entries(values);
  if (!field.startsWith('value') || others.length > 0) throw fault('must have one value, such as `valueCode`');
  const text = field === 'valueReference' ? (value as { readonly reference?: unknown } | null)?.reference : value;
  if (typeof text === 'object' || text === undefined) throw fault('must have a simple value');
  return { name, value: String(text) };
}

export const viewRunEndpoints = [runView, runViewOfType] as const;
