import { FaultList, isResourceId } from '../index.ts';

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

/** R4 has 146 types. */
const maxTypes = 200;
/** Each filter is a search of the database, and together they may be as long as a URL. */
const maxTypeFilters = 100;
const maxFilterCharacters = 16_000;
/** No type of R4 has a tenth of so many elements. */
const maxElements = 500;
const maxElementCharacters = 100;
/** The patients are stored with the export. A larger group is exported in parts, or as a whole. */
const maxPatients = 5000;
/** Their names are stored and listed. */
const maxIgnored = 50;

const provenanceData = ['LatestProvenanceResources', 'RelevantProvenanceResources'];
/** The three spellings of the specification. */
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];
/** Clocks differ by less. A later `_since` is a mistake of the client. */
const maxSinceAheadMs = 10 * 60_000;

/**
 * Reads and checks the parameters of a kick-off (FHIR Bulk Data 2.0.0, "Bulk Data Kick-off Request").
 * @returns the kick-off, which is of use only without `faults`. Of many faults, it has the first
 */
export function readKickOff(
  sent: readonly KickOffParameter[],
  rules: KickOffRules,
): KickOff & { readonly faults: readonly KickOffFault[] } {
  const { level, supported, nowMs, isLenient } = rules;
  const faults = new FaultList<KickOffFault>();
  const fault: AddFault = (path, message, code = 'not-supported') => faults.add({ path, message, code });
  const limited = (path: string, values: readonly string[], most: number) => {
    const distinct = [...new Set(values)];
    if (distinct.length <= most) return distinct;
    fault(path, `has more than ${most} values`, 'value');
    return [];
  };
  const refused = sent.filter(([name]) => !supported.includes(name)).map(([name]) => name);
  const parameters = sent.filter(([name]) => supported.includes(name));
  // Only the names of refused parameters are in the message, because clients leave out what it names.
  if (!isLenient) for (const name of new Set(refused)) fault(name, 'is not supported');
  const associated = listOf(parameters, 'includeAssociatedData');
  const unknownData = associated.find((value) => !provenanceData.includes(value));
  if (unknownData !== undefined) fault('includeAssociatedData', `cannot be ${unknownData.slice(0, 100)}`);
  const patients = limited('patient', listOf(parameters, 'patient').map(toPatientId), maxPatients);
  if (patients.length > 0 && level === 'system') fault('patient', 'is not supported for an export of the system');
  const noPatient = patients.find((id): boolean => !isResourceId(id));
  if (noPatient !== undefined)
    fault('patient', `"${noPatient.slice(0, 100)}" is not a reference such as Patient/1`, 'value');
  const format = valuesOf(parameters, '_outputFormat').find((value) => !outputFormats.includes(value));
  if (format !== undefined) fault('_outputFormat', 'must be application/fhir+ndjson');
  const types = limited('_type', listOf(parameters, '_type'), maxTypes);
  for (const type of types) {
    const reason = faults.isFull ? undefined : rules.typeFault(type);
    if (reason !== undefined) fault('_type', reason);
  }
  const sinceMs = readSince(valuesOf(parameters, '_since')[0], { nowMs, fault });
  const { typeFilters, areIgnored } = readTypeFilters(valuesOf(parameters, '_typeFilter'), {
    rules,
    types,
    faults,
    fault,
    limited,
  });
  const elements = limited('_elements', listOf(parameters, '_elements'), maxElements);
  if (elements.some((name) => name.length > maxElementCharacters))
    fault('_elements', `has a name with more than ${maxElementCharacters} characters`, 'value');
  const ignored = isLenient ? limited('Prefer', [...refused, ...(areIgnored ? ['_typeFilter'] : [])], maxIgnored) : [];
  return {
    types,
    sinceMs,
    typeFilters,
    patients,
    elements,
    faults: faults.all,
    withProvenance: associated.length > 0,
    ignored: ignored.map((name) => name.slice(0, maxElementCharacters)),
  };
}

function toPatientId(reference: string): string {
  return reference.replace(/^Patient\//, '');
}

type AddFault = (path: string, message: string, code?: KickOffFault['code']) => void;

function readSince(since: string | undefined, { nowMs, fault }: { readonly nowMs: number; readonly fault: AddFault }) {
  if (since === undefined) return undefined;
  // Without a zone it would be a time of the place where this process runs.
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(since);
  const sinceMs = isInstant ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(sinceMs)) fault('_since', 'must be a timestamp with its time zone, such as 2026-01-31T10:00:00Z');
  // Not a parameter that can be left out, so it is refused by its value.
  else if (sinceMs > nowMs + maxSinceAheadMs) fault('_since', 'is in the future', 'value');
  return sinceMs;
}

/** @returns the filters, and whether some were ignored because they are not supported */
function readTypeFilters(
  values: readonly string[],
  options: {
    readonly rules: KickOffRules;
    readonly types: readonly string[];
    readonly faults: FaultList<KickOffFault>;
    readonly fault: AddFault;
    readonly limited: (path: string, values: readonly string[], most: number) => string[];
  },
): { readonly typeFilters: readonly TypeFilter[]; readonly areIgnored: boolean } {
  const { types, faults, fault, limited } = options;
  const { filterFault = () => undefined, isLenient } = options.rules;
  if (values.reduce((sum, value) => sum + value.length, 0) > maxFilterCharacters) {
    fault('_typeFilter', `has more than ${maxFilterCharacters} characters`, 'value');
    return { typeFilters: [], areIgnored: false };
  }
  // A comma before `Type?` begins the next search, and any other comma belongs to a value.
  const texts = values.flatMap((value) => value.split(/,(?=[A-Z][A-Za-z]*\?)/));
  const filters = limited('_typeFilter', texts, maxTypeFilters).flatMap((text) =>
    faults.isFull ? [] : readTypeFilter(text, { types, fault }),
  );
  const unsupported = new Set<string>();
  for (const filter of filters) {
    const reason = faults.isFull ? undefined : filterFault(filter);
    if (reason === undefined) continue;
    unsupported.add(filter.type);
    if (!isLenient) fault('_typeFilter', `of ${filter.type}: ${reason}`);
  }
  // Without one alternative the others would leave out what was asked for, so all filters of the type are ignored.
  const typeFilters = filters.filter(({ type }) => !unsupported.has(type));
  return { typeFilters, areIgnored: unsupported.size > 0 };
}

function readTypeFilter(
  text: string,
  { types, fault }: { readonly types: readonly string[]; readonly fault: AddFault },
): TypeFilter[] {
  const [, type, query = ''] = /^([A-Z][A-Za-z]*)\?(.*)$/s.exec(text) ?? [];
  if (type === undefined) fault('_typeFilter', 'must be a search such as Observation?category=laboratory', 'value');
  else if (types.length > 0 && !types.includes(type))
    fault('_typeFilter', `names ${type.slice(0, 100)}, which was not requested`, 'value');
  else return [{ type, parameters: new URLSearchParams(query) }];
  return [];
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
