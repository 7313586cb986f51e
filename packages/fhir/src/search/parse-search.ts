import { FaultList } from '../faults.ts';
import type { DirectReference } from '../resources/reference.ts';
import {
  type Include,
  includesOf,
  type RevInclude,
  readInclude,
  readRevInclude,
  revIncludesOf,
} from './include-paths.ts';
import { type SearchParameter, searchParametersOf } from './search-parameters.ts';
import type { TextCriterion } from './search-texts.ts';
import {
  type DateCriterion,
  type ReadValue,
  readCount,
  readDate,
  readElement,
  readId,
  readPatient,
  readReferenceTo,
  readSummary,
  readText,
  readToken,
  readTotal,
  splitUnescaped,
  WrongValue,
} from './search-values.ts';

export interface SearchRequest {
  readonly search: ResourceSearch;
  /** The number of resources per page. */
  readonly count: number;
  /** Whether all matches are counted. */
  readonly withTotal: boolean;
  /** Whether the matches are only counted. */
  readonly isCountOnly: boolean;
  /** The elements that are shown. Undefined: all. */
  readonly elements?: readonly string[];
  /** Where the page begins. The previous page returned it. */
  readonly cursor?: string;
  /** What else the page contains. */
  readonly includes: readonly (Include & { readonly type: string })[];
  /** Which resources that refer to the matches the page contains, too. */
  readonly revIncludes: readonly RevInclude[];
}

export interface SearchFault {
  /** The parameter, with its index if it is repeated. */
  readonly path: string;
  readonly message: string;
}

/** A page of this size can be read at once by a person or a script. FHIR leaves the default to the server. */
const defaultCount = 100;

/** How often a parameter may be repeated. Programs that combine searches repeat a parameter two or three times. */
const maxRepeats = 10;
/** Fewer ids of athenahealth's length already fill a URL of 16 KB, the longest that Node.js accepts. */
const maxAlternatives = 1000;
/** The type with the most references in R4 has 17. */
const maxIncludes = 20;
/** ExplanationOfBenefit, which has the most elements in R4, has 51. */
const maxElements = 60;
/** Parameters whose values cost more than a look into an index. */
const limitsOf: Readonly<Record<string, Limits>> = {
  _elements: { alternatives: maxElements },
  _include: { repeats: maxIncludes, alternatives: maxIncludes },
  _revinclude: { repeats: maxIncludes, alternatives: maxIncludes },
};

interface Limits {
  readonly repeats?: number;
  readonly alternatives?: number;
}

const limitsOfKind: Readonly<Record<string, Limits>> = {
  // Each patient is a query of its own, of some 5 ms, and one request must not take seconds of the database.
  patient: { alternatives: 50 },
  // Every resource that an index finds is compared with each of them.
  date: { repeats: 4, alternatives: 20 },
  lastUpdated: { repeats: 4, alternatives: 20 },
  text: { repeats: 4, alternatives: 20 },
  reference: { repeats: 4, alternatives: 20 },
};

/** Reads FHIR search parameters (https://hl7.org/fhir/R4/search.html). The first faults are reported, and nothing is ignored. */
export function parseSearch(
  resourceType: string,
  parameters: Iterable<readonly [name: string, value: string]>,
  /** Parameters of the request that are not part of the search, for the list of those that are supported. */
  others: readonly string[] = [],
): { readonly request: SearchRequest } | { readonly faults: readonly SearchFault[] } {
  const values = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const texts = values.get(name);
    if (texts) texts.push(value);
    else values.set(name, [value]);
  }
  const faults = new FaultList<SearchFault>();
  const reader = createReader(values, faults);
  const known = searchParameterNames(resourceType);
  const negated = tokenNamesOf(resourceType).map((name) => `${name}:not`);
  for (const name of values.keys()) {
    if (faults.isFull) break;
    if (!known.includes(name) && !negated.includes(name))
      faults.add({ path: name, message: unknownBecause({ name, others, known, resourceType }) });
  }
  const sort = reader.single('_sort', readSort);
  const search = { ...readCriteria(resourceType, reader), ...(sort ? { sort } : {}) };
  const cursor = reader.single('_cursor', (value) => value);
  const readReferences = <Reference>(name: string, read: (value: string) => Reference): Reference[] => {
    const references = new Map(reader.everyOf(name, (value) => [value, read(value)] as const).flat());
    if (references.size > maxIncludes) faults.add({ path: name, message: `names more than ${maxIncludes} references` });
    return [...references.values()];
  };
  const includes = readReferences('_include', toInclude);
  const revIncludes = readReferences('_revinclude', (value) => toRevInclude(value, resourceType));
  const isCountOnly = reader.single('_summary', readSummary) ?? false;
  const elements = [...new Set(reader.everyOf('_elements', readElement).flat())];
  if (elements.length > maxElements)
    faults.add({ path: '_elements', message: `names more than ${maxElements} elements` });
  const request = {
    search,
    count: reader.single('_count', readCount) ?? defaultCount,
    withTotal: reader.single('_total', readTotal) ?? false,
    isCountOnly,
    ...(elements.length > 0 ? { elements } : {}),
    includes,
    revIncludes,
    ...(cursor === undefined ? {} : { cursor }),
  };
  return faults.all.length > 0 ? { faults: faults.all } : { request };
}

/** Tokens in the order of how much they narrow a search, because the first of them chooses the index. */
const tokenOrder = [
  'identifier',
  'practitioner',
  'target',
  'code',
  'specialty',
  'category',
  'status',
  'intent',
  'gender',
  '_security',
];

function readCriteria(resourceType: string, reader: ReturnType<typeof createReader>): ResourceSearch {
  const all = [...searchParametersOf(resourceType).values()];
  const ofKind = <Kind extends SearchParameter['key']['kind']>(wanted: Kind) =>
    all.flatMap(({ key, ...parameter }) =>
      key.kind === wanted ? [{ ...parameter, key: key as Extract<SearchParameter['key'], { kind: Kind }> }] : [],
    );
  const ids = reader.everyOf('_id', readId);
  const tokens = ofKind('token').toSorted(
    (one, other) => tokenOrder.indexOf(one.key.key) - tokenOrder.indexOf(other.key.key),
  );
  const elements = all.flatMap(({ name, element }) =>
    element !== undefined && reader.has(name) ? [element.split(',')] : [],
  );
  const texts = ofKind('text').flatMap(({ name, key }) => reader.everyOf(name, readText(key.keys), limitsOfKind.text));
  const excluded = tokens.flatMap((parameter) => {
    const name = `${parameter.name}:not`;
    const values = reader.everyOf(name, readToken(parameter, parameter.key.key)).flat();
    return values.length > 0 ? [{ name, tokens: values }] : [];
  });
  const references = ofKind('reference').flatMap(({ name, key: { paths } }) =>
    reader.everyOf(name, readReferenceTo(name), limitsOfKind.reference).map((targets) => ({ name, paths, targets })),
  );
  return {
    ...(ids.length > 0 ? { ids: intersection(ids) } : {}),
    patients: ofKind('patient').flatMap(({ name }) => reader.everyOf(name, readPatient, limitsOfKind.patient)),
    tokens: tokens.flatMap((parameter) => reader.everyOf(parameter.name, readToken(parameter, parameter.key.key))),
    dates: ofKind('date').flatMap(({ name }) => reader.everyOf(name, readDate, limitsOfKind.date)),
    lastUpdated: reader.everyOf('_lastUpdated', readDate, limitsOfKind.lastUpdated),
    ...(texts.length > 0 ? { texts } : {}),
    ...(elements.length > 0 ? { present: elements } : {}),
    ...(references.length > 0 ? { references } : {}),
    ...(excluded.length > 0 ? { excluded } : {}),
  };
}

/** Parameters of a page, or of its form. A stream has no pages. */
export const pageParameterNames: readonly string[] = [
  '_sort',
  '_include',
  '_revinclude',
  '_count',
  '_total',
  '_summary',
  '_elements',
  '_cursor',
];

/** The parameters of a search of a type. */
export function searchParameterNames(resourceType: string): readonly string[] {
  return [...searchParametersOf(resourceType).keys(), ...pageParameterNames];
}

/** The parameters that can have the modifier `:not`. */
function tokenNamesOf(resourceType: string): string[] {
  return [...searchParametersOf(resourceType).values()].flatMap(({ name, type, key }) =>
    key.kind === 'token' && type === 'token' ? [name] : [],
  );
}

function createReader(values: ReadonlyMap<string, readonly string[]>, faults: FaultList<SearchFault>) {
  const attempt = <Value>(path: string, read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      const { message } = error;
      // Several alternatives of a value can have the same fault, such as the two empty ones of `patient=,`.
      if (!faults.all.some((fault) => fault.path === path && fault.message === message)) faults.add({ path, message });
      return undefined;
    }
  };
  return {
    has: (name: string) => values.has(name),
    everyOf<Value>(name: string, read: ReadValue<Value>, limits: Limits = limitsOf[name] ?? {}): AllOfAny<Value> {
      const texts = values.get(name) ?? [];
      const { repeats = maxRepeats, alternatives: most = maxAlternatives } = limits;
      if (texts.length > repeats) {
        faults.add({ path: name, message: `occurs more than ${repeats} times` });
        return [];
      }
      return texts.map((value, index) => {
        const path = texts.length > 1 ? `${name}.${index}` : name;
        // https://hl7.org/fhir/R4/search.html#escaping. `withoutEscapes` removes the escapes later.
        const alternatives = splitUnescaped(value, ',');
        if (alternatives.length > most) {
          faults.add({ path, message: `has more than ${most} alternatives` });
          return [];
        }
        return alternatives.flatMap((alternative) => {
          const criterion = faults.isFull ? undefined : attempt(path, () => read(notEmpty(alternative)));
          return criterion === undefined ? [] : [criterion];
        });
      });
    },
    single<Value>(name: string, read: ReadValue<Value>): Value | undefined {
      const [value, ...others] = values.get(name) ?? [];
      if (others.length > 0) faults.add({ path: name, message: 'occurs more than once' });
      return value === undefined ? undefined : attempt(name, () => read(notEmpty(value)));
    },
  };
}

function notEmpty(value: string): string {
  if (value === '') throw new WrongValue('has an empty value. Set a value or remove the parameter');
  return value;
}

/** Orders that an index has: https://hl7.org/fhir/R4/search.html#sort. */
const sortFields = ['_id', '_lastUpdated', 'date'] as const;

export interface SearchOrder {
  readonly field: (typeof sortFields)[number];
  readonly isDescending: boolean;
}

function readSort(value: string): SearchOrder {
  const isDescending = value.startsWith('-');
  const field = sortFields.find((name) => name === value.slice(isDescending ? 1 : 0));
  if (field) return { field, isDescending };
  throw new WrongValue(
    `${JSON.stringify(value)} is not a supported order. Use one of ${sortFields.join(', ')}, or one of them after a "-"`,
  );
}

function toInclude(value: string) {
  const include = readInclude(value);
  if (include) return include;
  const [type = ''] = value.split(':');
  const known = includesOf(type);
  const remedy =
    known.length > 0 ? `Supported for ${type}: ${known.join(', ')}` : 'Use Type:parameter, such as Observation:patient';
  throw new WrongValue(`${JSON.stringify(value)} is not a supported reference. ${remedy}`);
}

function toRevInclude(value: string, resourceType: string): RevInclude {
  const include = readRevInclude(value, resourceType);
  if (include) return include;
  const known = revIncludesOf(resourceType);
  const examples =
    known.length > 4 ? `${known.slice(0, 3).join(', ')} and others in the CapabilityStatement` : known.join(', ');
  throw new WrongValue(`${JSON.stringify(value)} is not supported for ${resourceType}. Supported: ${examples}`);
}

function unknownBecause(options: {
  readonly name: string;
  readonly others: readonly string[];
  readonly known: readonly string[];
  readonly resourceType: string;
}): string {
  const { name, others, known, resourceType } = options;
  const chain = chainBecause(name, resourceType);
  if (chain !== undefined) return chain;
  const [base = '', modifier] = name.split(':', 2);
  if (modifier !== undefined && known.includes(base)) {
    const names = tokenNamesOf(resourceType);
    const remedy = names.length > 0 ? `Only ":not" is, for ${names.join(', ')}` : 'Leave it out';
    return `has the modifier ":${modifier}", which is not supported for it. ${remedy}`;
  }
  return `is not a parameter of this search. Supported parameters for ${resourceType}: ${[...others, ...known].join(', ')}`;
}

/** What a client does instead of a chain (https://hl7.org/fhir/R4/search.html#chaining). Undefined: the parameter is not a chain. */
function chainBecause(name: string, resourceType: string): string | undefined {
  const [reference = '', chained] = name.split('.', 2);
  const [base = '', type] = reference.split(':', 2);
  const kind = searchParametersOf(resourceType).get(base)?.key.kind;
  if (chained === undefined || (kind !== 'patient' && kind !== 'reference')) return undefined;
  const isOfPatient = kind === 'patient' && (type ?? 'Patient') === 'Patient';
  const isKnown = isOfPatient && searchParametersOf('Patient').has(chained);
  const first = isKnown ? `Patient by \`${chained}\`` : 'what it references';
  return `is a chain, and chains are not supported. Search ${first} first, and use the ids as \`${base}\``;
}

function intersection([first = [], ...others]: AllOfAny<string>): readonly string[] {
  const lists = others.map((list) => new Set(list));
  return [...new Set(first)].filter((id) => lists.every((list) => list.has(id)));
}

/**
 * A match must meet every item, by any of its alternatives. Items are repeated parameters, alternatives are separated by commas.
 */
type AllOfAny<Criterion> = readonly (readonly Criterion[])[];

/** The criteria of a search, without its page. */
export interface ResourceSearch {
  /** Undefined matches every id. An empty list matches none, because two parameters exclude each other. */
  readonly ids?: readonly string[];
  /** Whom it is about: R4's search parameter `patient`. */
  readonly patients: AllOfAny<string>;
  /** In whose records it is: the compartments of patients. A resource can be part of the records of several. */
  readonly records?: AllOfAny<string>;
  /** Tokens as in `SearchKeys.tokens`, ordered by how much they narrow a search: identifier, code, category, status. */
  readonly tokens: AllOfAny<string>;
  /** Beginnings of names. */
  readonly texts?: AllOfAny<TextCriterion>;
  /** A match has one of the targets at one of the paths of each. */
  readonly references?: readonly ReferenceCriterion[];
  /** A match has none of the tokens: R4's modifier `:not`. It also matches a resource without the element. */
  readonly excluded?: readonly { readonly name: string; readonly tokens: readonly string[] }[];
  /** A match has one of the elements of each list. */
  readonly present?: AllOfAny<string>;
  readonly dates: AllOfAny<DateCriterion>;
  readonly lastUpdated: AllOfAny<DateCriterion>;
  /** Undefined: any order that allows paging. */
  readonly sort?: SearchOrder;
}

interface ReferenceCriterion {
  /** The name of the parameter. */
  readonly name: string;
  readonly paths: readonly string[];
  readonly targets: readonly DirectReference[];
}

/** A search without criteria. */
export const everyResource: ResourceSearch = { patients: [], tokens: [], dates: [], lastUpdated: [] };
