import { patientsOf, referencedId } from './patient-compartment.ts';
import type { Resource } from './resource.ts';
import { type DateRange, openEnd, openStart, readDateRange } from './search/date-range.ts';
import { searchToken } from './search/search-token.ts';

/**
 * Raise it with every change to what `extractSearchKeys` or `summarize` make of a resource: then `migrate` derives the keys of
 * stored resources again. 2: every patient of the Patient compartment.
 */
export const searchKeysVersion = 2;

/** What people search stored resources by. */
export interface SearchKeys {
  /** Ids of the patients whose record it is part of: a text if there is one, which is nearly always. See `patientsOf`. */
  readonly patient?: string | readonly string[];
  readonly encounter?: string;
  readonly status?: string;
  /** `system|code` and `code` of every coding. */
  readonly category?: readonly string[];
  readonly code?: readonly string[];
  /** The clinically relevant date, as the resource writes it (FHIR date or dateTime; of a period its start). */
  readonly date?: string;
  /** The first and last instant of that date or period, to be compared; an end that is open is year 1 or 9999. */
  readonly dateStart?: Date;
  readonly dateEnd?: Date;
  /** Status, category and code as `searchToken` writes them: one array, so that one index serves all three. */
  readonly tokens?: readonly string[];
}

/** The elements that FHIR's `date` search parameter reads, over the types in use; the first that is present counts. */
const dateElements = [
  'effectiveDateTime',
  'effectivePeriod',
  'effectiveInstant',
  'authoredOn',
  'occurrenceDateTime',
  'occurrencePeriod',
  'performedDateTime',
  'performedPeriod',
  'onsetDateTime',
  'recordedDate',
  'period',
  'start',
  'date',
  'issued',
  'created',
  'birthDate',
] as const;

export function extractSearchKeys(resource: Resource): SearchKeys {
  // Filled field by field: it is made for every line, and spreading nine objects into one costs as much as all the rest.
  const keys: { -readonly [Key in keyof SearchKeys]: SearchKeys[Key] } = {};
  const patients = patientsOf(resource);
  if (patients.length === 1) keys.patient = patients[0] as string;
  else if (patients.length > 1) keys.patient = patients;
  const encounter = referencedId((resource.encounter as { reference?: unknown } | null)?.reference, 'Encounter');
  if (encounter !== undefined) keys.encounter = encounter;
  const status = readStatus(resource);
  if (status !== undefined) keys.status = status;
  const categories = codings(resource.category);
  if (categories.length > 0) keys.category = withSystems(categories);
  const codes = codings(resource.code ?? resource.medicationCodeableConcept ?? resource.vaccineCode ?? resource.type);
  if (codes.length > 0) keys.code = withSystems(codes);
  const { text: date, range } = readDate(resource);
  if (date !== undefined) keys.date = date;
  if (range !== undefined) {
    keys.dateStart = range.start;
    keys.dateEnd = range.end;
  }
  const tokens = status === undefined ? [] : [searchToken({ parameter: 'status', code: status })];
  addTokens(tokens, 'category', categories);
  addTokens(tokens, 'code', codes);
  if (tokens.length > 0) keys.tokens = distinct(tokens);
  return keys;
}

function readStatus(resource: Resource): string | undefined {
  if (typeof resource.status === 'string') return resource.status;
  const clinical = (resource.clinicalStatus as { coding?: readonly { code?: unknown }[] } | undefined)?.coding?.[0]
    ?.code;
  return typeof clinical === 'string' ? clinical : undefined;
}

interface Coding {
  readonly code: string;
  readonly system?: string;
}

function codings(value: unknown): Coding[] {
  const found: Coding[] = [];
  for (const concept of Array.isArray(value) ? value : [value]) {
    const listed = (concept as { coding?: unknown } | null | undefined)?.coding;
    if (!Array.isArray(listed)) continue;
    for (const coding of listed as ({ system?: unknown; code?: unknown } | null)[]) {
      const { system, code } = coding ?? {};
      if (typeof code === 'string') found.push(typeof system === 'string' ? { code, system } : { code });
    }
  }
  return found;
}

function withSystems(found: readonly Coding[]): string[] {
  const texts: string[] = [];
  for (const { code, system } of found) {
    texts.push(code);
    if (system !== undefined) texts.push(`${system}|${code}`);
  }
  return distinct(texts);
}

function addTokens(tokens: string[], parameter: 'category' | 'code', found: readonly Coding[]): void {
  for (const { code, system = '' } of found) {
    tokens.push(searchToken({ parameter, code }), searchToken({ parameter, code, system }));
  }
}

/** Hardly ever is one there twice, and a set of a few takes longer than to look. */
function distinct(texts: string[]): string[] {
  const areFew = texts.length <= 16;
  return areFew && texts.every((text, index) => texts.indexOf(text) === index) ? texts : [...new Set(texts)];
}

function readDate(resource: Resource): { readonly text?: string | undefined; readonly range?: DateRange | undefined } {
  for (const element of dateElements) {
    const value = resource[element];
    if (typeof value === 'string') return { text: value, range: readDateRange(value) };
    const { start, end } = (value ?? {}) as { start?: unknown; end?: unknown };
    const range = periodRange(start, end);
    if (typeof start === 'string' || range) return { text: typeof start === 'string' ? start : undefined, range };
  }
  return {};
}

/** Undefined where neither end is there, or one that is there cannot be read. */
function periodRange(start: unknown, end: unknown): DateRange | undefined {
  if (typeof start !== 'string' && typeof end !== 'string') return undefined;
  const first = typeof start === 'string' ? readDateRange(start)?.start : openStart;
  const last = typeof end === 'string' ? readDateRange(end)?.end : openEnd;
  if (!first || !last) return undefined;
  // A period whose ends are the wrong way round was written by mistake; its instants are still between the two.
  return first <= last ? { start: first, end: last } : { start: last, end: first };
}
