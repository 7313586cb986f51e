import type { BulkExportRequest } from './export-request.ts';

/** The parameters of a kick-off (FHIR Bulk Data, "Query Parameters"). */
export interface ExportParameters {
  readonly types: readonly string[];
  /** Whether each type is a parameter. Default: `_type` is one list, see `namedValuesOf`. */
  readonly repeatsTypes?: boolean;
  readonly since?: string | undefined;
  readonly typeFilters: readonly string[];
  /** Whether the filters are sent as one list with commas, as some servers want them. Default: as a parameter for each. */
  readonly joinsFilters?: boolean;
  /** `_outputFormat`, which some servers demand. Default: it is not sent, because NDJSON is the only format of every server. */
  readonly outputFormat?: string | undefined;
  /** Ids of patients. */
  readonly patients?: readonly string[];
  readonly until?: string | undefined;
  readonly elements?: readonly string[];
  readonly organizeOutputBy?: string | undefined;
  /** What the operation of a provider has besides, such as `exportType`. */
  readonly fixed?: Readonly<Record<string, string>> | undefined;
}

/** Without one of these, an export would have more than was requested, so a kick-off is never sent without them. */
export const narrowingParameters: ReadonlySet<string> = new Set(['patient', '_until', '_elements']);

/** Optional parameters that a server may ignore. They are only sent to one that declares them. */
export const declaredParameters = ['patient', '_elements', '_until', 'organizeOutputBy'] as const;
export type DeclaredParameter = (typeof declaredParameters)[number];

export function toExportParameters(request: BulkExportRequest): ExportParameters {
  const { resourceTypes, since, typeFilters = [], patients = [], until, elements = [], organizeOutputBy } = request;
  return { types: resourceTypes, since, typeFilters, patients, until, elements, organizeOutputBy };
}

/** The names of the parameters that are sent. */
export function namesOf(parameters: ExportParameters): string[] {
  return [...new Set(namedValuesOf(parameters).map(([name]) => name))];
}

export function without(parameters: ExportParameters, name: string): ExportParameters {
  const { types, since, typeFilters, outputFormat, organizeOutputBy } = parameters;
  return {
    ...parameters,
    types: name === '_type' ? [] : types,
    since: name === '_since' ? undefined : since,
    typeFilters: name === '_typeFilter' ? [] : typeFilters,
    outputFormat: name === '_outputFormat' ? undefined : outputFormat,
    organizeOutputBy: name === 'organizeOutputBy' ? undefined : organizeOutputBy,
  };
}

/** Writes the query of a GET. */
export function toQuery(parameters: ExportParameters): string {
  const query = namedValuesOf(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return query.length === 0 ? '' : `?${query.join('&')}`;
}

function sentAs(values: readonly string[], isList: boolean): readonly string[] {
  return isList && values.length > 0 ? [values.join(',')] : values;
}

/** A parameter of a kick-off with its value as text. */
export type NamedValue = [name: string, value: string];

/**
 * `_type` is one list, which all versions of the specification before STU4 require of a GET. Of several in the body of a POST, HAPI 8 exports some
 * types only, and says nothing.
 */
export function namedValuesOf(parameters: ExportParameters): NamedValue[] {
  const { types, since, typeFilters, outputFormat, patients = [], until, elements = [] } = parameters;
  const { repeatsTypes = false, joinsFilters = false, fixed = {} } = parameters;
  const single: readonly (readonly [name: string, value: string | undefined])[] = [
    ['_until', until],
    ['_elements', elements.length > 0 ? elements.join(',') : undefined],
    ['organizeOutputBy', parameters.organizeOutputBy],
    ['_outputFormat', outputFormat],
  ];
  return [
    ...sentAs(types, !repeatsTypes).map((type): NamedValue => ['_type', type]),
    ...(since === undefined ? [] : [['_since', since] as NamedValue]),
    ...sentAs(typeFilters, joinsFilters).map((filter): NamedValue => ['_typeFilter', filter]),
    ...patients.map((id): NamedValue => ['patient', `Patient/${id}`]),
    ...single.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] satisfies NamedValue])),
    ...Object.entries(fixed),
  ];
}

/** Writes the body of a POST: a Parameters resource with a part for each value. */
export function toParametersResource(parameters: readonly NamedValue[]) {
  const parameter = parameters.map(([name, value]) => {
    if (name === '_since' || name === '_until') return { name, valueInstant: value };
    // A canonical (https://hl7.org/fhir/us/davinci-atr/OperationDefinition-davinci-data-export.html).
    if (name === 'exportType') return { name, valueCanonical: value };
    if (name === 'patient') return { name, valueReference: { reference: value } };
    return { name, valueString: value };
  });
  return { resourceType: 'Parameters', parameter };
}

/** A kick-off as the server accepted it, without what it had refused. */
export interface SentKickOff {
  readonly method: 'GET' | 'POST';
  /** Whether the server had refused the other method. */
  readonly isOtherMethodRefused: boolean;
  readonly since?: string;
  /** Empty: every type. */
  readonly types: readonly string[];
  /** The requested types that the server refused by name. */
  readonly refusedTypes: readonly string[];
  readonly typeFilters: readonly string[];
  readonly organizeOutputBy?: string;
}

/**
 * Names what was requested and not sent: `_type=Foo` for one type, `_type`, `_since` or `_typeFilter` for a parameter, and `GET` or `POST` for the
 * method.
 */
export function droppedParameters(request: BulkExportRequest, sent: SentKickOff): string[] {
  const names = new Set(namesOf(sent));
  return [
    ...sent.refusedTypes.map((type) => `_type=${type}`),
    ...namesOf(toExportParameters(request)).filter((name) => !names.has(name) && !narrowingParameters.has(name)),
    ...(sent.isOtherMethodRefused ? [sent.method === 'GET' ? 'POST' : 'GET'] : []),
  ];
}
