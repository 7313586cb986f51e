import { isResourceId } from '@bulkhead/fhir';

export const exportLevels = ['system', 'patient', 'group'] as const;
export type ExportLevel = (typeof exportLevels)[number];

export type KickOffParameter = readonly [name: string, value: string];

/** What is wrong with a parameter, in words that follow its name. */
export interface KickOffFault {
  readonly path: string;
  readonly message: string;
  /** An `issue.code` of FHIR's IssueType. A client can leave out what is `not-supported`. */
  readonly code: 'not-supported' | 'value' | 'invalid';
}

/** What a server exports, and with which parameters. */
export interface KickOffRules {
  readonly level: ExportLevel;
  /** The names of the parameters. */
  readonly supported: readonly string[];
  /** Why `_type` may not name a type, in words that follow it. Undefined if it may. */
  readonly typeFault: (type: string) => string | undefined;
  /** Why a search of `_typeFilter` is not supported, in words that follow the type. Undefined if it is. Default: it always is. */
  readonly filterFault?: (filter: TypeFilter) => string | undefined;
  readonly nowMs: number;
  /** `Prefer: handling=lenient`: unsupported parameters are ignored. */
  readonly isLenient: boolean;
}

/** A FHIR search of a type. A resource must match one of the filters of its type. */
export interface TypeFilter {
  readonly type: string;
  readonly parameters: URLSearchParams;
}

export interface KickOff {
  /** Empty: every type. */
  readonly types: readonly string[];
  readonly sinceMs: number | undefined;
  readonly typeFilters: readonly TypeFilter[];
  /** Ids. Empty: every patient. */
  readonly patients: readonly string[];
  /** `element` or `Type.element`. Empty: whole resources. */
  readonly elements: readonly string[];
  /** `includeAssociatedData`: resources that say where the exported ones come from are added. */
  readonly withProvenance: boolean;
  /** The names of the parameters that were ignored. */
  readonly ignored: readonly string[];
}

/** The parameters of a kick-off in the specification (FHIR Bulk Data 2.0.0, "Query Parameters"). */
export const kickOffParameterNames = [
  '_outputFormat',
  '_since',
  '_type',
  '_elements',
  'patient',
  'includeAssociatedData',
  '_typeFilter',
] as const;

const provenanceData = ['LatestProvenanceResources', 'RelevantProvenanceResources'];
/** The three spellings of the specification. */
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];
/** Clocks differ by less. A later `_since` is a mistake of the client. */
const maxSinceAheadMs = 10 * 60_000;

/**
 * Reads and checks the parameters of a kick-off (FHIR Bulk Data 2.0.0, "Bulk Data Kick-off Request").
 * @returns the kick-off, which is of use only without `faults`
 */
export function readKickOff(
  sent: readonly KickOffParameter[],
  rules: KickOffRules,
): KickOff & { readonly faults: readonly KickOffFault[] } {
  const { level, supported, typeFault, filterFault = () => undefined, nowMs, isLenient } = rules;
  const faults: KickOffFault[] = [];
  const refused = sent.filter(([name]) => !supported.includes(name)).map(([name]) => name);
  const parameters = sent.filter(([name]) => supported.includes(name));
  const fault = (path: string, message: string, code: KickOffFault['code'] = 'not-supported') =>
    faults.push({ path, message, code });
  if (!isLenient)
    // Only the names of refused parameters are in the message, because clients leave out what it names.
    for (const name of new Set(refused)) fault(name, 'is not supported');
  const associated = listOf(parameters, 'includeAssociatedData');
  const unknownData = associated.find((value) => !provenanceData.includes(value));
  if (unknownData !== undefined) fault('includeAssociatedData', `cannot be ${unknownData}`);
  const patients = listOf(parameters, 'patient').map((reference) => reference.replace(/^Patient\//, ''));
  if (patients.length > 0 && level === 'system') fault('patient', 'is not supported for an export of the system');
  const noPatient = patients.find((id): boolean => !isResourceId(id));
  if (noPatient !== undefined)
    fault('patient', `"${noPatient.slice(0, 100)}" is not a reference such as Patient/1`, 'value');
  const format = valuesOf(parameters, '_outputFormat').find((value) => !outputFormats.includes(value));
  if (format !== undefined) fault('_outputFormat', 'must be application/fhir+ndjson');
  const types = [...new Set(listOf(parameters, '_type'))];
  for (const type of types) {
    const reason = typeFault(type);
    if (reason !== undefined) fault('_type', reason);
  }
  const sinceMs = readSince(valuesOf(parameters, '_since')[0], { nowMs, fault });
  const filters = valuesOf(parameters, '_typeFilter').flatMap((value) => readTypeFilters(value, { types, fault }));
  const unsupported = filters.flatMap((filter) => {
    const reason = filterFault(filter);
    return reason === undefined ? [] : [{ type: filter.type, reason }];
  });
  if (isLenient && unsupported.length > 0) refused.push('_typeFilter');
  else for (const { type, reason } of unsupported) fault('_typeFilter', `of ${type}: ${reason}`);
  // Without one alternative the others would leave out what was asked for, so all filters of the type are ignored.
  const typeFilters = filters.filter(({ type }) => !unsupported.some((filter) => filter.type === type));
  return {
    ...{ types, sinceMs, typeFilters, patients, faults },
    elements: listOf(parameters, '_elements'),
    withProvenance: associated.length > 0,
    ignored: isLenient ? [...new Set(refused)] : [],
  };
}

type AddFault = (path: string, message: string, code?: KickOffFault['code']) => void;

function readSince(since: string | undefined, { nowMs, fault }: { readonly nowMs: number; readonly fault: AddFault }) {
  if (since === undefined) return undefined;
  const sinceMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(since) ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(sinceMs)) fault('_since', 'must be a timestamp such as 2026-01-31T10:00:00Z');
  // Not a parameter that can be left out, so it is refused by its value.
  else if (sinceMs > nowMs + maxSinceAheadMs) fault('_since', 'is in the future', 'value');
  return sinceMs;
}

/** A list of searches. A comma before `Type?` begins the next search, and any other comma belongs to a value. */
function readTypeFilters(
  value: string,
  { types, fault }: { readonly types: readonly string[]; readonly fault: AddFault },
): TypeFilter[] {
  return value.split(/,(?=[A-Z][A-Za-z]*\?)/).flatMap((filter) => {
    const [, type, query = ''] = /^([A-Z][A-Za-z]*)\?(.*)$/s.exec(filter) ?? [];
    if (type === undefined) fault('_typeFilter', 'must be a search such as Observation?category=laboratory', 'value');
    else if (types.length > 0 && !types.includes(type))
      fault('_typeFilter', `names ${type}, which was not requested`, 'value');
    else return [{ type, parameters: new URLSearchParams(query) }];
    return [];
  });
}

/** The values of a parameter that is repeated or has a list. */
function listOf(parameters: readonly KickOffParameter[], name: string): string[] {
  return valuesOf(parameters, name)
    .flatMap((value) => value.split(','))
    .map((value) => value.trim());
}

function valuesOf(parameters: readonly KickOffParameter[], name: string): string[] {
  return parameters.filter(([key]) => key === name).map(([, value]) => value);
}

/**
 * Reads the parameters of a kick-off from the query of a GET, or from the Parameters resource of a POST.
 * @returns undefined if the body is not a Parameters resource
 */
export function kickOffParameters(request: {
  readonly method: string;
  readonly search: URLSearchParams;
  /** JSON. */
  readonly body: string;
}): KickOffParameter[] | undefined {
  const { method, search, body } = request;
  if (method !== 'POST') return [...search.entries()];
  try {
    return fromParameters(JSON.parse(body) as ParametersResource);
  } catch {
    return undefined;
  }
}

interface ParametersResource {
  readonly resourceType?: string;
  readonly parameter?: readonly { readonly name: string; readonly [value: string]: unknown }[];
}

function fromParameters({ resourceType, parameter = [] }: ParametersResource): KickOffParameter[] | undefined {
  if (resourceType !== 'Parameters') return undefined;
  return parameter.map(({ name, ...values }) => [name, textOf(Object.values(values)[0])]);
}

/** A patient is a Reference, every other value is a primitive. */
function textOf(value: unknown): string {
  const { reference } = (value ?? {}) as { readonly reference?: unknown };
  return String(reference ?? value);
}

/** Reads the header `Prefer` (RFC 7240). */
export function preferencesOf(header = ''): { readonly isAsync: boolean; readonly isLenient: boolean } {
  const preferences = header.split(/[,;]/).map((preference) => preference.trim());
  return { isAsync: preferences.includes('respond-async'), isLenient: preferences.includes('handling=lenient') };
}
