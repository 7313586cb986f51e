import { dateNames, type ParameterName, referenceNames } from './compared-parameters.ts';

/** A resource that only one of the two servers finds, in a search by one parameter with one value. */
export interface SearchFinding {
  /** `missing`: only the server finds it. `extra`: only Bulkhead finds it. */
  readonly what: 'missing' | 'extra';
  readonly type: string;
  readonly name: ParameterName;
  readonly value: string;
  readonly resource: unknown;
  /** The ids of all patients of the server. */
  readonly patientIds: ReadonlySet<string>;
}

export interface KnownSearchDifference {
  readonly id: string;
  readonly reason: string;
  /** Whether this row explains the finding. A finding without an explanation is a difference. */
  readonly explains: (finding: SearchFinding) => boolean;
}

/**
 * All accepted differences between the searches of the server and those of Bulkhead, each with its reason and the
 * section of R4.
 */
export const knownSearchDifferences: readonly KnownSearchDifference[] = [
  {
    id: 'patient-not-on-server',
    reason:
      'HAPI does not index a reference to a resource that it does not have. R4 compares the reference itself ' +
      '(https://hl7.org/fhir/R4/search.html#reference), so Bulkhead finds the records of a patient who was not exported.',
    explains: ({ what, name, value, patientIds }) =>
      what === 'extra' && referenceNames.includes(name) && !patientIds.has(value.replace('Patient/', '')),
  },
  {
    id: 'address-as-text',
    reason:
      'HAPI does not index the text of an address. R4 (https://hl7.org/fhir/R4/searchparameter-registry.html) has it among the fields that ' +
      '`address` may match.',
    explains: ({ what, name, value, resource }) => {
      const { address } = resource as { readonly address?: unknown };
      const texts = [address].flat().map((each) => (each as { readonly text?: unknown } | undefined)?.text);
      const begins = (text: unknown) => typeof text === 'string' && text.toLowerCase().startsWith(value.toLowerCase());
      return what === 'extra' && name === 'address' && texts.some(begins);
    },
  },
  {
    id: 'bounds-of-ge-and-le',
    reason:
      'HAPI compares the end of a date with the last instant of the value of `ge`, and its start with the first instant of the value of ' +
      '`le`, so `le2011` excludes most of 2011. R4 (https://hl7.org/fhir/R4/search.html#prefix) requires an overlap with the time after or ' +
      'before the value, or a date inside of it.',
    explains: (finding) => explainsDate(finding, { stored: dayOrInstant(finding), served: dayOrInstant(finding) }),
  },
  {
    id: 'day-in-own-zone',
    reason:
      'HAPI compares a value without a time with the day in the time zone of the resource. R4 ' +
      '(https://hl7.org/fhir/R4/search.html#date) compares instants, with the zone of the server for a value without one: for Bulkhead UTC.',
    explains: (finding) => explainsDate(finding, { stored: rangeOf, served: dayOrInstant(finding) }),
  },
  {
    id: 'second-as-instant',
    reason:
      'HAPI treats a date with seconds and no fraction as the first millisecond of the second. For R4 ' +
      '(https://hl7.org/fhir/R4/search.html#date) it is the whole second, so it extends beyond a value such as 10:00:00.500.',
    explains: (finding) => finding.value.includes('T') && explainsDate(finding, { stored: rangeOf, served: startOf }),
  },
];

interface Range {
  readonly start: number;
  readonly end: number;
}

type ReadRange = (text: string) => Range | undefined;

/** HAPI reads a date with a time as its written day, unless the search value has a time, too. */
function dayOrInstant({ value }: SearchFinding): ReadRange {
  return value.includes('T') ? rangeOf : (text) => rangeOf(text.slice(0, 'YYYY-MM-DD'.length));
}

function startOf(text: string): Range | undefined {
  const range = rangeOf(text);
  return range && text.includes('T') ? { start: range.start, end: range.start } : range;
}

/**
 * Whether one date or period of the resource explains both answers: by R4's rules it matches exactly if Bulkhead finds
 * the resource, and by HAPI's rules exactly if HAPI finds it.
 *
 * @param read how each of them reads a date
 */
function explainsDate(
  { what, name, value, resource }: SearchFinding,
  read: { readonly stored: ReadRange; readonly served: ReadRange },
): boolean {
  const [, prefix = '', text = ''] = /^([a-z]{2})?(.+)$/.exec(value) ?? [];
  const searched = rangeOf(text);
  if (!dateNames.includes(name) || !searched) return false;
  return datesIn(resource).some(([start, end]) => {
    const isExtra = matches({ prefix, searched, range: periodOf(read.stored(start), read.stored(end)) });
    const isMissing = matchesAtServer({
      prefix,
      searched,
      range: periodOf(read.served(start), read.served(end)),
    });
    return isExtra === (what === 'extra') && isMissing === (what === 'missing');
  });
}

interface Comparison {
  readonly prefix: string;
  readonly searched: Range;
  readonly range: Range;
}

/** https://hl7.org/fhir/R4/search.html#prefix */
function matches({ prefix, searched, range }: Comparison): boolean {
  const isInside = range.start >= searched.start && range.end <= searched.end;
  if (prefix === 'ne') return !isInside;
  if (prefix === 'gt') return range.end > searched.end;
  if (prefix === 'lt') return range.start < searched.start;
  if (prefix === 'ge') return range.end > searched.end || isInside;
  if (prefix === 'le') return range.start < searched.start || isInside;
  if (prefix === 'sa') return range.start > searched.end;
  if (prefix === 'eb') return range.end < searched.start;
  return isInside;
}

function matchesAtServer(comparison: Comparison): boolean {
  const { prefix, searched, range } = comparison;
  if (prefix === 'ge') return range.end >= searched.end;
  if (prefix === 'le') return range.start <= searched.start;
  return matches(comparison);
}

/** Returns the start and the end of every date, and of every period. An open end is an empty text. */
function datesIn(value: unknown): [start: string, end: string][] {
  if (typeof value === 'string') return rangeOf(value) ? [[value, value]] : [];
  if (typeof value !== 'object' || value === null) return [];
  const { start = '', end = '' } = value as Readonly<Record<string, unknown>>;
  const inner = Object.values(value).flatMap(datesIn);
  return start === '' && end === '' ? inner : [[String(start), String(end)], ...inner];
}

function periodOf(start: Range | undefined, end: Range | undefined): Range {
  return { start: start?.start ?? Number.NEGATIVE_INFINITY, end: end?.end ?? Number.POSITIVE_INFINITY };
}

const dayMs = 24 * 3_600_000;

/**
 * Returns the first and the last millisecond of a FHIR date. This is written independently, so that it can be compared
 * with the product.
 */
function rangeOf(text: string): Range | undefined {
  const [, date = '', minutes, seconds, fraction, zone = 'Z'] =
    /^(\d{4}(?:-\d\d){0,2})(?:T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (date === '') return undefined;
  if (minutes !== undefined) {
    const start = Date.parse(`${date}T${minutes}${seconds ?? ':00'}${fraction ?? ''}${zone}`);
    return { start, end: start + (fraction !== undefined ? 1 : seconds !== undefined ? 1000 : 60_000) - 1 };
  }
  const [year = 0, month, day] = date.split('-').map(Number);
  const start = Date.UTC(year, (month ?? 1) - 1, day ?? 1);
  const next = day !== undefined ? start + dayMs : month !== undefined ? Date.UTC(year, month) : Date.UTC(year + 1, 0);
  return { start, end: next - 1 };
}
