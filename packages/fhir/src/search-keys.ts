import type { Resource } from './resource.ts';
import { type DateRange, openEnd, openStart, readDateRange } from './search/date-range.ts';
import { searchToken } from './search/search-token.ts';

/** What people search stored resources by. */
export interface SearchKeys {
  /** Id of the patient, without `Patient/`. */
  readonly patient?: string;
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
  const patient = resource.resourceType === 'Patient' ? resource.id : patientId(resource);
  const encounter = referenceId(resource.encounter, 'Encounter');
  const status = readStatus(resource);
  const categories = codings(resource.category);
  const codes = codings(resource.code ?? resource.medicationCodeableConcept ?? resource.vaccineCode ?? resource.type);
  const tokens = [
    ...(status === undefined ? [] : [searchToken({ parameter: 'status', code: status })]),
    ...categories.flatMap((coding) => tokensOf('category', coding)),
    ...codes.flatMap((coding) => tokensOf('code', coding)),
  ];
  const { text: date, range } = readDate(resource);
  return {
    ...(patient === undefined ? {} : { patient }),
    ...(encounter === undefined ? {} : { encounter }),
    ...(status === undefined ? {} : { status }),
    ...(categories.length === 0 ? {} : { category: withSystems(categories) }),
    ...(codes.length === 0 ? {} : { code: withSystems(codes) }),
    ...(date === undefined ? {} : { date }),
    ...(range === undefined ? {} : { dateStart: range.start, dateEnd: range.end }),
    ...(tokens.length === 0 ? {} : { tokens: [...new Set(tokens)] }),
  };
}

function patientId(resource: Resource): string | undefined {
  return referenceId(resource.subject, 'Patient') ?? referenceId(resource.patient, 'Patient') ?? participant(resource);
}

/** Appointment names its patient among the participants. */
function participant(resource: Resource): string | undefined {
  if (!Array.isArray(resource.participant)) return undefined;
  for (const one of resource.participant) {
    const id = referenceId((one as { actor?: unknown } | null)?.actor, 'Patient');
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id in `Type/id`, `https://server/Type/id` or `Type/id/_history/1`. */
function referenceId(value: unknown, type: string): string | undefined {
  const reference = (value as { reference?: unknown } | null | undefined)?.reference;
  if (typeof reference !== 'string') return undefined;
  const marker = `${type}/`;
  const at = reference.startsWith(marker) ? 0 : reference.indexOf(`/${marker}`) + 1;
  if (at === 0 && !reference.startsWith(marker)) return undefined;
  return reference.slice(at + marker.length).split('/', 1)[0];
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
  return [
    ...new Set(found.flatMap(({ code, system }) => (system === undefined ? [code] : [code, `${system}|${code}`]))),
  ];
}

function tokensOf(parameter: 'category' | 'code', { code, system = '' }: Coding): string[] {
  return [searchToken({ parameter, code }), searchToken({ parameter, code, system })];
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
