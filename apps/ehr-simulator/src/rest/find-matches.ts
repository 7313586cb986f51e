import { parseExact } from '../practice/exact-json.ts';
import type { Practice } from '../practice/practice.ts';
import type { SearchParameters } from './search-parameters.ts';

export interface FoundResource {
  readonly resourceType: string;
  readonly id: string;
}

interface FindMatchesInput {
  readonly practice: Practice;
  readonly type: string;
  readonly parameters: SearchParameters;
}

/** Control parameters, which do not narrow a search. */
const control = new Set(['_count', '_cursor', 'ah-practice', '_sort', '_format', '_revinclude']);

/** Finds the matching resources in a fixed order. The text of their numbers is kept. */
export async function* findMatches({ practice, type, parameters }: FindMatchesInput): AsyncGenerator<unknown> {
  const conditions = [...parameters].filter(([name]) => !control.has(name));
  for await (const texts of candidates({ practice, type, parameters })) {
    for (const text of texts) {
      const resource = parseExact(text) as Record<string, unknown>;
      const isMatch = conditions.every(([name, values]) =>
        values.every((value) => matchesParameter({ resource, name, value })),
      );
      if (isMatch) yield resource;
    }
  }
}

/** Looks up ids and patients directly. Only a search by name or encounter scans the whole type. */
async function* candidates({ practice, type, parameters }: FindMatchesInput): AsyncGenerator<string[]> {
  const ids = parameters.get('_id')?.flatMap((value) => value.split(','));
  const patient = parameters.get('patient')?.[0];
  if (ids) {
    for (const id of new Set(ids)) yield [(await practice.read({ type, id }))?.text ?? []].flat();
  } else if (patient) {
    for (const id of patient.split(',')) {
      const resources = await practice.ofPatient({ type, patientId: id.replace(/^Patient\//, '') });
      yield resources.map(({ text }) => text);
    }
  } else {
    for await (const { resources } of practice.batches({ type, asOf: practice.sequence }))
      yield resources.map(({ text }) => text);
  }
}

type Json = Readonly<Record<string, unknown>>;

interface MatchesParameterInput {
  readonly resource: Json;
  readonly name: string;
  /** One value of the search. A comma-separated list means any of them. */
  readonly value: string;
}

const dateElements = ['effectiveDateTime', 'occurrenceDateTime', 'date', 'authoredOn', 'recordedDate'];
const conceptElements: Readonly<Record<string, string>> = {
  category: 'category',
  code: 'code',
  type: 'type',
  'clinical-status': 'clinicalStatus',
};

/** Whether a resource matches a search parameter. Unknown parameters match everything, as on lenient servers. */
function matchesParameter({ resource, name, value }: MatchesParameterInput): boolean {
  if (name === 'date' || name === '_lastUpdated' || name === 'birthdate') {
    return matchesDate({ value: dateOf(resource, name), searchValue: value });
  }
  return value.split(',').some((alternative) => matchesValue({ resource, name, value: alternative }));
}

function matchesValue({ resource, name, value }: MatchesParameterInput): boolean {
  const concept = conceptElements[name];
  if (concept) return hasCode(resource[concept], value);
  switch (name) {
    case '_id':
      return resource.id === value;
    case 'status':
    case 'intent':
    case 'gender':
      return resource[name] === value;
    case 'patient':
      return isAbout(resource, value.replace(/^Patient\//, ''));
    case 'encounter':
      return reference(resource.encounter) === `Encounter/${value.replace(/^Encounter\//, '')}`;
    case 'identifier':
      return JSON.stringify(resource.identifier ?? []).includes(JSON.stringify(value.split('|').at(-1)));
    case 'name':
    case 'family':
    case 'given':
      return nameTexts(resource, name).some((text) => text.toLowerCase().startsWith(value.toLowerCase()));
    default:
      return true;
  }
}

function dateOf(resource: Json, name: string): string {
  if (name === '_lastUpdated') return String((resource.meta as Json | undefined)?.lastUpdated ?? '');
  if (name === 'birthdate') return String(resource.birthDate ?? '');
  const period = (resource.period ?? resource.performedPeriod ?? {}) as Json;
  const element = dateElements.find((candidate) => typeof resource[candidate] === 'string');
  return String(element ? resource[element] : (period.start ?? ''));
}

function hasCode(concepts: unknown, token: string): boolean {
  const [code, system] = token.split('|').reverse();
  const codings = [concepts ?? []].flat().flatMap((concept) => ((concept as Json).coding ?? []) as Json[]);
  return codings.some((coding) => coding.code === code && (!system || coding.system === system));
}

function isAbout(resource: Json, patientId: string): boolean {
  const target = `Patient/${patientId}`;
  return reference(resource.subject) === target || reference(resource.patient) === target;
}

function reference(value: unknown): unknown {
  return (value as Json | undefined)?.reference;
}

function nameTexts(resource: Json, name: string): string[] {
  const names = (resource.name ?? []) as Json[];
  const parts = names.flatMap((entry) => {
    const { family = [], given = [], text = [] } = entry;
    return name === 'family' ? [family] : name === 'given' ? [given] : [family, given, text];
  });
  return parts.flat().map(String);
}

interface MatchesDateInput {
  /** A date, dateTime or instant of a resource. */
  readonly value: string;
  /** May have a prefix, for example `ge2024-01-01`. */
  readonly searchValue: string;
}

/**
 * Compares by day, or by month or year if the search names no more. athenahealth's `_lastUpdated` ignores the time of
 * day too.
 */
export function matchesDate({ value, searchValue: wanted }: MatchesDateInput): boolean {
  const [, prefix = 'eq', text = ''] = /^(eq|ne|gt|ge|lt|le)?(.*)$/.exec(wanted) ?? [];
  const bound = text.slice(0, 10);
  const day = value.slice(0, bound.length);
  const order = day < bound ? -1 : Number(day > bound);
  const isMet = { eq: order === 0, ne: order !== 0, gt: order > 0, ge: order >= 0, lt: order < 0, le: order <= 0 };
  return isMet[prefix as keyof typeof isMet];
}
