import { invalidRequest, parseRequest } from '@bulkhead/base';
import { type Caller, tableActions } from '@bulkhead/http';
import { instant } from '@bulkhead/http/schemas';
import { resourceError } from '@bulkhead/records';
import { formatNames, type TableFormat, tableError, tableFormats } from '@bulkhead/serving/tables';
import { type Request, raw } from 'express';
import { z } from 'zod';
import type { BaseParams } from '../../base-url.ts';
import { defineEndpoint, type HandlerInput } from '../../define-endpoint.ts';
import { fhirJson } from '../resources/fhir-answers.ts';
import { sendTable } from '../tables/send-table.ts';
import { maxViewBytes, readViewJson } from '../tables/table.endpoints.ts';
import { viewExample } from '../tables/table.examples.ts';
import { base, checkAccepts, checkScope, fhirEndpoint } from './fhir-request.ts';

/*
 * `$viewdefinition-run` of SQL on FHIR 2 (https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/OperationDefinition-ViewDefinitionRun.html), at the
 * levels of the system and the type, and `$sql-run` of the ballot of version 3, for ViewDefinitions
 * (https://build.fhir.org/ig/HL7/sql-on-fhir/en/OperationDefinition-SQLRun.html). A table has the columns of the view, and a view of a caller the
 * budget that it has with `POST /tables`. A Library of SQL is refused: it needs an engine that can be stopped, and DuckDB reads the tables.
 */

type Input = HandlerInput<BaseParams, unknown, unknown, unknown, Caller>;

/** The formats by their types in `Accept`. `_format` can also have their names. */
const formatsByType = new Map(
  formatNames.map((name) => [tableFormats[name].contentType.replace(/;.*/, ''), name] as const),
);
const acceptedTypes = [...formatsByType.keys(), fhirJson, 'application/octet-stream'];

/** The parameters that name the view. */
const ofViewRun = { resource: 'viewResource', reference: 'viewReference' } as const;
const ofSqlRun = { resource: 'subjectResource', reference: 'subjectReference' } as const;
type Naming = typeof ofViewRun | typeof ofSqlRun;

const reference = z.string().max(2000);
const viewReference = reference.optional().describe('`ViewDefinition/` and the name of a published view.');
const sharedShape = {
  _format: z
    .enum([...formatNames, ...formatsByType.keys()], `must be one of ${formatNames.join(', ')}`)
    .optional()
    .describe('`ndjson` (default), `json`, `csv` or `parquet`. Without it, `Accept` decides.'),
  header: z
    .enum(['true', 'false'])
    .optional()
    .describe('Whether a CSV begins with the names of its columns. Default: `true`.'),
  patient: reference
    .optional()
    .describe('Only resources of this patient: `Patient/` and an id, or an id. Can be repeated up to 50 times.'),
  group: reference.optional().describe('`Group/` and the id of the connection: all patients. There is no other group.'),
  _limit: z.coerce.number().int().min(1).max(1_000_000_000).optional().describe('The table ends after so many rows.'),
  _since: instant
    .optional()
    .describe('Only resources whose `meta.lastUpdated` is this time or later. Deletions are in tables with `_since`.'),
};
const viewRunSchema = z.strictObject({ viewReference, ...sharedShape });
const sqlRunSchema = z.strictObject({ subjectReference: viewReference, ...sharedShape });

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
  action: tableActions.search,
  description:
    'Makes the rows of a view while they are sent: of stored resources, or of those in `resource`. Its view is a published one (by reference), or your own (as a resource), with the same limits as `POST /api/ehr/{provider}/tables`. The columns are those of the view. docs/tables.md describes views and formats.',
  responses: {
    200: {
      description: 'The table, as it is made. It is complete only if the connection is not closed before its end',
      contentType: tableFormats.ndjson.contentType,
      example: '{"patient_id":"a-195900.E-1","last_name":"Doe"}\n',
    },
  },
  errors,
} as const;
const parametersBody = ({ resource }: Naming) => ({
  description: `A Parameters resource of at most ${maxViewBytes}. \`${resource}\` has a ViewDefinition, and each \`resource\` a resource, or a Bundle of resources. The others can also be in the URL.`,
  contentType: fhirJson,
  example: {
    resourceType: 'Parameters',
    parameter: [
      { name: '_format', valueCode: 'ndjson' },
      { name: resource, resource: viewExample },
    ],
  },
});
// Bytes and not JSON: parsing would change the text of numbers.
const readBody = raw({ type: () => true, limit: maxViewBytes });
const byPost = { searchQuery: viewRunSchema, body: parametersBody(ofViewRun), readBody } as const;

const runView = defineEndpoint({
  ...runEndpoint,
  id: 'runView',
  route: `POST ${base}/$viewdefinition-run`,
  summary: 'Run a view of SQL on FHIR',
  request: byPost,
  handler: (input) => run(input, ofViewRun),
});

const runViewOfType = defineEndpoint({
  ...runEndpoint,
  id: 'runViewOfType',
  route: `POST ${base}/ViewDefinition/$viewdefinition-run`,
  summary: 'Run a view of SQL on FHIR, at the level of the type',
  request: byPost,
  handler: (input) => run(input, ofViewRun),
});

const runSql = defineEndpoint({
  ...runEndpoint,
  id: 'runSql',
  route: `POST ${base}/$sql-run`,
  summary: 'Run a view of SQL on FHIR 3',
  request: { searchQuery: sqlRunSchema, body: parametersBody(ofSqlRun), readBody },
  handler: (input) => run(input, ofSqlRun),
});

const runSqlByGet = defineEndpoint({
  ...runEndpoint,
  id: 'runSqlByGet',
  route: `GET ${base}/$sql-run`,
  summary: 'Run a published view, with the parameters of SQL on FHIR 3 in the URL',
  request: { searchQuery: sqlRunSchema, readBody: 'never' },
  handler: (input) => run(input, ofSqlRun),
});

async function run(input: Input, naming: Naming): Promise<void> {
  const { params, caller, request } = input;
  const { provider, connectionId } = params;
  const sent = readRunParameters(request.body, naming);
  const query = readValues(request, sent.values, naming);
  const format = formatOf(request, query._format);
  const foreign = listOf(query.group).find((group) => idIn(group, 'Group') !== connectionId);
  if (foreign !== undefined)
    throw resourceError('unknown-resource', {
      message: `"${foreign.slice(0, 100)}" does not exist here. The group of all patients is "Group/${connectionId}".`,
    });
  const view = viewOf({ reference: query.view, resource: sent.view }, naming);
  const parameters = new URLSearchParams();
  const patients = listOf(query.patient).map((patient) => idIn(patient, 'Patient'));
  if (patients.length > 0) parameters.set('patient', patients.join(','));
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
function viewOf(
  { reference, resource }: { readonly reference: string | undefined; readonly resource: object | undefined },
  naming: Naming,
): string | object {
  if ((reference === undefined) === (resource === undefined))
    throw invalidRequest([
      { path: naming.resource, message: `must be there, or \`${naming.reference}\`, and not both` },
    ]);
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

/** Parameters that can be repeated. No id has a comma. */
const repeatable = ['patient', 'group'];

function listOf(values: string | undefined): string[] {
  return values?.split(',') ?? [];
}

/** The values of the URL and of the body. @throws AppError `invalid-request` */
function readValues(request: Request, values: readonly (readonly [string, string])[], naming: Naming) {
  const { shape } = naming === ofSqlRun ? sqlRunSchema : viewRunSchema;
  const { searchParams } = new URL(request.originalUrl, 'http://localhost');
  const all = Map.groupBy([...searchParams, ...values], ([name]) => name);
  const names = [...all.keys()];
  const repeated = names.filter((name) => (all.get(name)?.length ?? 0) > 1 && !repeatable.includes(name));
  const unknown = names.filter((name) => !Object.hasOwn(shape, name));
  const supported = `${naming.resource}, resource, ${Object.keys(shape).join(', ')}`;
  const faults = [
    ...unknown.map((path) => ({ path, message: `is not supported. Supported parameters: ${supported}` })),
    ...repeated.map((path) => ({ path, message: 'can be sent once' })),
  ];
  if (faults.length > 0) throw invalidRequest(faults.slice(0, maxFaults));
  const joined = Object.fromEntries(
    [...all].map(([name, entries]) => [name, entries.map(([, value]) => value).join(',')]),
  );
  const { [naming.reference]: view, ...others } = joined;
  return { view: parseRequest(viewReference, view), ...parseRequest(z.strictObject(sharedShape), others) };
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
export function readRunParameters(body: Buffer | undefined, naming: Naming = ofViewRun): RunParameters {
  const none: RunParameters = { view: undefined, resources: [], values: [] };
  if (!Buffer.isBuffer(body) || body.length === 0) return none;
  const { resourceType, parameter = [] } = readViewJson(body) as { resourceType?: unknown; parameter?: unknown };
  if (resourceType !== 'Parameters' || !Array.isArray(parameter))
    throw invalidRequest([{ path: 'body', message: 'must be a Parameters resource' }]);
  if (parameter.length > maxParameters)
    throw invalidRequest([{ path: 'parameter', message: `must have at most ${maxParameters} entries` }]);
  const entries = parameter.map((entry, index) => readEntry(entry, { path: `parameter.${index}`, naming }));
  const views = entries.filter(({ name }) => name === naming.resource);
  if (views.length > 1) throw invalidRequest([{ path: naming.resource, message: 'can be sent once' }]);
  return {
    view: views[0]?.resource,
    resources: entries.flatMap(({ name, resource }) => (name === 'resource' && resource ? unwrapped(resource) : [])),
    values: entries.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  };
}

interface Entry {
  readonly name: string;
  readonly resource?: object;
  readonly value?: string;
}

/** A Bundle stands for its resources (SQL on FHIR 3.0.0-ballot, "Resource parameter and Bundle inputs"). */
function unwrapped(resource: object): object[] {
  const { resourceType, entry } = resource as { readonly resourceType?: unknown; readonly entry?: unknown };
  if (resourceType !== 'Bundle') return [resource];
  const entries: readonly ({ readonly resource?: unknown } | null)[] = Array.isArray(entry) ? entry : [];
  return entries.flatMap((each) =>
    typeof each?.resource === 'object' && each.resource !== null ? [each.resource] : [],
  );
}

/** @throws AppError `invalid-request` */
function readEntry(entry: unknown, { path, naming }: { readonly path: string; readonly naming: Naming }): Entry {
  const fault = (message: string) => invalidRequest([{ path, message }]);
  const { name, resource, ...values } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') throw fault('must have a name');
  if (name === naming.resource || name === 'resource') {
    if (typeof resource !== 'object' || resource === null) throw fault('must have a `resource`');
    return { name, resource };
  }
  const [[field, value] = ['', undefined], ...others] = Object.entries(values);
  if (!field.startsWith('value') || others.length > 0) throw fault('must have one value, such as `valueCode`');
  const text = field === 'valueReference' ? (value as { readonly reference?: unknown } | null)?.reference : value;
  if (typeof text === 'object' || text === undefined) throw fault('must have a simple value');
  return { name, value: String(text) };
}

export const viewRunEndpoints = [runView, runViewOfType, runSql, runSqlByGet] as const;
