import { patientsOf, referencedId } from '../resources/patient-compartment.ts';
import type { Resource } from '../resources/resource.ts';
import { type DateRange, openEnd, openStart, readDateRange } from './date-range.ts';
import { codeElementsOf, dateElementOf } from './search-elements.ts';

/**
 * Raise it with every change to what `extractSearchKeys` or `summarize` make of a resource: then `migrate` derives the keys of
 * stored resources again. 2: every patient of the Patient compartment. 3: the elements of R4's search parameters, by type.
 */
export const searchKeysVersion = 3;

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

export function extractSearchKeys(resource: Resource): SearchKeys {
  // Filled field by field: it is made for every line, and spreading nine objects into one costs as much as all the rest.
  const keys: { -readonly [Key in keyof SearchKeys]: SearchKeys[Key] } = {};
  const patients = patientsOf(resource);
  if (patients.length === 1) keys.patient = patients[0] as string;
  else if (patients.length > 1) keys.patient = patients;
  const encounter = referencedId((resource.encounter as { reference?: unknown } | null)?.reference, 'Encounter');
  if (encounter !== undefined) keys.encounter = encounter;
  const statuses = readStatuses(resource);
  if (statuses[0] !== undefined) keys.status = statuses[0];
  const categories = codings(resource.category);
  if (categories.length > 0) keys.category = withSystems(categories);
  const codes = codings(codeElementsOf(resource));
  if (codes.length > 0) keys.code = withSystems(codes);
  const { text: date, range } = readDate(dateElementOf(resource));
  if (date !== undefined) keys.date = date;
  if (range !== undefined) {
    keys.dateStart = range.start;
    keys.dateEnd = range.end;
  }
  const tokens = statuses.map((code) => searchToken({ parameter: 'status', code }));
  addTokens(tokens, 'category', categories);
  addTokens(tokens, 'code', codes);
  if (tokens.length > 0) keys.tokens = distinct(tokens);
  return keys;
}

/** `status`, or what R4 has in its place: `clinicalStatus` of a Condition, `lifecycleStatus` of a Goal. */
function readStatuses({ status, lifecycleStatus, clinicalStatus }: Resource): string[] {
  const text = status ?? lifecycleStatus;
  if (typeof text === 'string') return [text];
  return codings(clinicalStatus).map(({ code }) => code);
}

interface Coding {
  readonly code: string;
  readonly system?: string;
  /** Whether it is the value of an element of the type `code`, whose system FHIR implies and the resource does not have. */
  readonly isBare?: boolean;
}

function codings(value: unknown): Coding[] {
  const found: Coding[] = [];
  for (const concept of Array.isArray(value) ? value : [value]) {
    if (typeof concept === 'string') found.push({ code: concept, isBare: true });
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
  for (const { code, system = '', isBare } of found) {
    tokens.push(searchToken({ parameter, code }));
    if (!isBare) tokens.push(searchToken({ parameter, code, system }));
  }
}

/** Hardly ever is one there twice, and a set of a few takes longer than to look. */
function distinct(texts: string[]): string[] {
  const areFew = texts.length <= 16;
  return areFew && texts.every((text, index) => texts.indexOf(text) === index) ? texts : [...new Set(texts)];
}

interface FoundDate {
  readonly text?: string | undefined;
  readonly range?: DateRange | undefined;
}

/** @param value a date, a Period or a Timing */
function readDate(value: unknown): FoundDate {
  if (typeof value === 'string') return { text: value, range: readDateRange(value) };
  const { start, end, event, repeat } = (value ?? {}) as {
    [Name in 'start' | 'end' | 'event' | 'repeat']?: unknown;
  };
  if (event !== undefined || repeat !== undefined) return { range: timingRange(event, repeat) };
  return { text: typeof start === 'string' ? start : undefined, range: periodRange(start, end) };
}

/** The outer limits alone matter: https://hl7.org/fhir/R4/search.html#date. */
function timingRange(event: unknown, repeat: unknown): DateRange | undefined {
  const { boundsPeriod } = (repeat ?? {}) as { boundsPeriod?: { start?: unknown; end?: unknown } | null };
  const events = (Array.isArray(event) ? event : []).map((one) =>
    typeof one === 'string' ? readDateRange(one) : undefined,
  );
  const ranges = [...events, periodRange(boundsPeriod?.start, boundsPeriod?.end)].filter((one) => one !== undefined);
  if (ranges.length === 0) return undefined;
  const start = Math.min(...ranges.map((range) => range.start.getTime()));
  const end = Math.max(...ranges.map((range) => range.end.getTime()));
  return { start: new Date(start), end: new Date(end) };
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

/**
 * A coded value as it is indexed. A coding gives two: by its code alone, and with its system, which may be none
 * (https://hl7.org/fhir/R4/search.html#token).
 */
export function searchToken(options: {
  readonly parameter: 'category' | 'code' | 'status';
  readonly code: string;
  /** Empty: the coding has none. Undefined: whatever it has. */
  readonly system?: string | undefined;
}): string {
  const { parameter, code, system } = options;
  return system === undefined ? `${parameter}=${code}` : `${parameter}=${system}|${code}`;
}
